//! The mistakes of part 3.

mod lookups;
mod meeting;
mod store_down;
mod sweeping;
mod telling;
#[cfg(test)]
mod tests;
mod versions;

use shortener::Link;
use testkit::diagnosis::Mistake;
use testkit::diagnosis::service::{self, Command};

const CACHE: &str = "problem-1-cache";
const REPLICATE: &str = "problem-2-replicate";
const PARTITIONS: &str = "problem-3-partitions";
const LATE: &str = "problem-4-late-and-restarted-nodes";
const STORE_DOWN: &str = "problem-5-store-down";
const REGISTRY: &str = "problem-6-registry";

/// Whom a 404 helps, and whom a 503.
const STATUS: &str = "what-the-world-sees-and-who-says-what";

/// The more telling ones first.
pub(super) const MISTAKES: &[Mistake] = &[
    // Problem 1, and what comes of it in problem 5.
    Mistake {
        id: "invents-codes",
        problems: &[1],
        suggests: "The code of a link is not one of those that its URL may get.",
        training: STATUS,
        hint: 3,
        symptom: lookups::code_is_no_hash,
    },
    Mistake {
        id: "tries-the-first-code-only",
        problems: &[1],
        suggests: "When the first code of a URL is another URL's, its other codes are not tried.",
        training: STATUS,
        hint: 3,
        symptom: lookups::only_the_first_code_is_tried,
    },
    Mistake {
        id: "asks-for-each-visitor",
        problems: &[1],
        suggests: "Each visitor has the store asked once more, also while the answer to the same question is on its way.",
        training: CACHE,
        hint: 2,
        symptom: lookups::one_asks_for_each,
    },
    Mistake {
        id: "keeps-no-nothing",
        problems: &[1],
        suggests: "That there is no link of a code is not kept in the table.",
        training: CACHE,
        hint: 2,
        symptom: lookups::nothing_is_not_kept,
    },
    Mistake {
        id: "nothing-hides-links",
        problems: &[1],
        suggests: "A new link does not take the place in which the table remembers that there was none.",
        training: CACHE,
        hint: 2,
        symptom: lookups::nothing_hides_what_is_created,
    },
    Mistake {
        id: "keeps-nothing-too-long",
        problems: &[1],
        suggests: "That there is no link of a code is remembered for longer than `NOTHING_FOR`.",
        training: CACHE,
        hint: 3,
        symptom: lookups::nothing_is_kept_too_long,
    },
    Mistake {
        id: "asks-whether-it-is-still-so",
        problems: &[1],
        suggests: "A look-up that the table answers asks the store all the same, behind the visitor's back.",
        training: CACHE,
        hint: 2,
        symptom: lookups::asks_whether_it_is_still_so,
    },
    Mistake {
        id: "asks-for-what-it-knew",
        problems: &[1, 5],
        suggests: "A look-up does not begin with the table, or what the store answered was not put there.",
        training: CACHE,
        hint: 2,
        symptom: lookups::asks_for_what_it_knew,
    },
    Mistake {
        id: "does-not-keep-what-it-created",
        problems: &[1],
        suggests: "A link that is created is not put into the table of the node that creates it.",
        training: CACHE,
        hint: 3,
        symptom: lookups::created_is_not_kept,
    },
    Mistake {
        id: "makes-room-too-late",
        problems: &[1],
        suggests: "The table makes room only when it has more entries than it may have, not when it is full.",
        training: CACHE,
        hint: 3,
        symptom: lookups::table_has_one_too_many,
    },
    Mistake {
        id: "makes-no-room",
        problems: &[1],
        suggests: "Nothing goes from the table when it is full, or entries of one kind are not counted.",
        training: CACHE,
        hint: 2,
        symptom: lookups::table_makes_no_room,
    },
    // Problem 2, and what comes of it later.
    Mistake {
        id: "shares-a-disk",
        problems: &[2, 3, 4],
        suggests: "The nodes tell each other of links past the network, perhaps by a file that all of them read.",
        training: REPLICATE,
        hint: 1,
        symptom: service::shares_a_disk,
    },
    Mistake {
        id: "answers-before-the-store",
        problems: &[2],
        suggests: "A creation is answered before the store has the link.",
        training: REPLICATE,
        hint: 3,
        symptom: telling::answered_before_the_store,
    },
    Mistake {
        id: "tells-before-the-store",
        problems: &[2],
        suggests: "The others are told of a link before the store has it.",
        training: REPLICATE,
        hint: 3,
        symptom: telling::told_before_the_store,
    },
    Mistake {
        id: "table-before-the-store",
        problems: &[2, 5],
        suggests: "A link is put into the table before the store has accepted it.",
        training: REPLICATE,
        hint: 3,
        symptom: store_down::table_before_the_store,
    },
    Mistake {
        id: "creation-waits-for-others",
        problems: &[2],
        suggests: "A creation waits until the other nodes have said that they have the link.",
        training: REPLICATE,
        hint: 2,
        symptom: telling::creation_waits_for_others,
    },
    Mistake {
        id: "tells-one-after-another",
        problems: &[2],
        suggests: "The others are told one after another, and each has to answer before the next one is told.",
        training: REPLICATE,
        hint: 2,
        symptom: telling::one_after_another,
    },
    Mistake {
        id: "joins-once",
        problems: &[2],
        suggests: "A cache that is started again does not join the group again.",
        training: REPLICATE,
        hint: 2,
        symptom: telling::joins_once,
    },
    Mistake {
        id: "tells-a-process-that-is-gone",
        problems: &[2],
        suggests: "Who the others are is asked for once, and they are told under their old addresses from then on.",
        training: REPLICATE,
        hint: 2,
        symptom: telling::gone_process_is_told,
    },
    Mistake {
        id: "leaves-out-the-end",
        problems: &[2],
        suggests: "The others are told where a link leads, and not when it ends.",
        training: REPLICATE,
        hint: 3,
        symptom: telling::end_is_left_out,
    },
    Mistake {
        id: "nothing-overwrites-links",
        problems: &[2],
        suggests: "That there was no link, as the store said a while ago, takes the place of a link that is known by now.",
        training: CACHE,
        hint: 2,
        symptom: telling::late_nothing_overwrites,
    },
    Mistake {
        id: "tells-nobody",
        problems: &[2],
        suggests: "The other nodes are not told of a link that is created: perhaps the group has no members yet, or a cast is never awaited, without which nothing is sent.",
        training: REPLICATE,
        hint: 3,
        symptom: telling::nobody_is_told,
    },
    Mistake {
        id: "does-not-tell-all",
        problems: &[2],
        suggests: "Not all members that are in the group at that moment are told of a new link.",
        training: REPLICATE,
        hint: 2,
        symptom: telling::some_are_not_told,
    },
    // Problems 3 and 4.
    Mistake {
        id: "old-link-comes-back",
        problems: &[3],
        suggests: "What comes last takes the place in the table, also a link that is over.",
        training: PARTITIONS,
        hint: 2,
        symptom: versions::old_link_comes_back,
    },
    Mistake {
        id: "ended-link-keeps-its-place",
        problems: &[3],
        suggests: "A link that is over keeps its place in the table, so that the next one of its code is not put there.",
        training: PARTITIONS,
        hint: 2,
        symptom: versions::ended_link_keeps_its_place,
    },
    Mistake {
        id: "tells-empty-tables-only",
        problems: &[3],
        suggests: "Only a node whose table is empty is sent a table.",
        training: PARTITIONS,
        hint: 1,
        symptom: meeting::empty_tables_only,
    },
    Mistake {
        id: "only-one-side-tells",
        problems: &[3],
        suggests: "Of two nodes that meet, only one sends the other its table.",
        training: PARTITIONS,
        hint: 2,
        symptom: meeting::one_side_tells,
    },
    Mistake {
        id: "does-not-tell-who-is-back",
        problems: &[3, 4],
        suggests: "A node that is back is not sent the tables of the others.",
        training: PARTITIONS,
        hint: 2,
        symptom: meeting::nobody_tells_who_is_back,
    },
    Mistake {
        id: "sends-part-of-its-table",
        problems: &[3, 4],
        suggests: "Who comes up or is back is sent a part of the table, not all of it.",
        training: PARTITIONS,
        hint: 2,
        symptom: meeting::part_of_the_table,
    },
    Mistake {
        id: "does-not-learn-tables",
        problems: &[3, 4],
        suggests: "A table that another node sends is not taken over, or only the first one is.",
        training: PARTITIONS,
        hint: 3,
        symptom: meeting::table_is_not_learnt,
    },
    Mistake {
        id: "joins-too-late",
        problems: &[4],
        suggests: "A cache becomes a member of the group only after the others have read their tables for it.",
        training: PARTITIONS,
        hint: 2,
        symptom: meeting::joins_too_late,
    },
    Mistake {
        id: "does-not-wait-for-tables",
        problems: &[4],
        suggests: "A node that has just come up asks the store at once, and does not wait for the tables of its peers.",
        training: LATE,
        hint: 2,
        symptom: meeting::asks_before_the_tables,
    },
    Mistake {
        id: "waits-for-tables-without-a-limit",
        problems: &[4],
        suggests: "A look-up waits for the tables of other nodes for as long as they do not come.",
        training: LATE,
        hint: 2,
        symptom: meeting::waits_without_a_limit,
    },
    // Problem 5.
    Mistake {
        id: "creates-without-the-store",
        problems: &[5],
        suggests: "When the store cannot be asked, a link is created without it.",
        training: STORE_DOWN,
        hint: 2,
        symptom: store_down::created_without_the_store,
    },
    Mistake {
        id: "creates-later",
        problems: &[5],
        suggests: "A creation that was answered 503 is tried again behind the back of who had asked.",
        training: STORE_DOWN,
        hint: 1,
        symptom: store_down::created_later,
    },
    Mistake {
        id: "errors-are-kept",
        problems: &[5],
        suggests: "That the store gave no answer is remembered as if it had said that there is no link.",
        training: STORE_DOWN,
        hint: 2,
        symptom: store_down::error_is_kept,
    },
    Mistake {
        id: "errors-are-404",
        problems: &[5],
        suggests: "That the store gave no answer is told as if it had said that there is no link.",
        training: STATUS,
        hint: 2,
        symptom: store_down::error_becomes_404,
    },
    Mistake {
        id: "forgets-who-waits",
        problems: &[5],
        suggests: "When the store gives no answer, those who wait for it in the cache are not told.",
        training: STORE_DOWN,
        hint: 2,
        symptom: store_down::who_waits_is_not_told,
    },
    Mistake {
        id: "another-code-on-a-retry",
        problems: &[5],
        suggests: "Who asks again after a 503 gets another code than the first time.",
        training: STORE_DOWN,
        hint: 2,
        symptom: store_down::other_code_the_second_time,
    },
    Mistake {
        id: "tries-the-store-again",
        problems: &[5],
        suggests: "What the store does not answer is tried again and again before the visitor is told.",
        training: STORE_DOWN,
        hint: 2,
        symptom: store_down::store_is_tried_again,
    },
    Mistake {
        id: "hits-wait-in-the-cache",
        problems: &[5],
        suggests: "What the table knows is asked of the cache, where it waits behind questions to the store.",
        training: CACHE,
        hint: 2,
        symptom: store_down::hits_wait,
    },
    Mistake {
        id: "cache-waits-for-the-store",
        problems: &[5],
        suggests: "The cache waits for the store itself, and handles no other message meanwhile.",
        training: CACHE,
        hint: 1,
        symptom: store_down::cache_waits,
    },
    // Problem 6.
    Mistake {
        id: "follows-ended-links",
        problems: &[6],
        suggests: "The table answers with a link that is over, as long as it has not been swept.",
        training: REGISTRY,
        hint: 2,
        symptom: sweeping::ended_link_leads,
    },
    Mistake {
        id: "nobody-registers",
        problems: &[6],
        suggests: "A node sweeps without having asked for the global name `sweeper`.",
        training: REGISTRY,
        hint: 3,
        symptom: sweeping::nobody_registers,
    },
    Mistake {
        id: "stops-trying-for-the-name",
        problems: &[6],
        suggests: "Who stands by does not try again to get the name when it has become free.",
        training: REGISTRY,
        hint: 2,
        symptom: sweeping::stops_trying,
    },
    Mistake {
        id: "sweeps-without-the-name",
        problems: &[6],
        suggests: "A process sweeps though another one has the name: it may have had the name once, or be content that somebody has it.",
        training: REGISTRY,
        hint: 2,
        symptom: sweeping::sweeps_without_the_name,
    },
    Mistake {
        id: "does-not-remove",
        problems: &[6],
        suggests: "Links that are over are looked for in the store, and not removed from it.",
        training: REGISTRY,
        hint: 3,
        symptom: sweeping::nothing_is_removed,
    },
    Mistake {
        id: "does-not-tell-the-tables",
        problems: &[6],
        suggests: "The tables of the other nodes are not told which links are gone.",
        training: REGISTRY,
        hint: 3,
        symptom: sweeping::tables_are_not_told,
    },
    Mistake {
        id: "counts-each-table",
        problems: &[6],
        suggests: "A link that is removed counts once for each table that is told of it, and not once.",
        training: REGISTRY,
        hint: 3,
        symptom: sweeping::counts_each_table,
    },
];

/// The code and the link that a command stores.
fn stored_link<'a>(command: &Command<'a>) -> Option<(&'a str, Link)> {
    let (code, text) = command.stores()?;
    Some((code, Link::from_text(text)?))
}
