//! The mistakes of part 1.

mod broadcast;
mod crash;
mod everyone;
mod lost_count;
mod netsplit;
#[cfg(test)]
mod tests;
mod told;

use std::collections::BTreeMap;

use testkit::diagnosis::evidence::Sent;
use testkit::diagnosis::{Case, Mistake};
use testkit::trace::{Change, Fate, Kind};

/// The more telling ones first.
pub(super) const MISTAKES: &[Mistake] = &[
    Mistake {
        id: "shares-a-disk",
        problems: &[3, 4, 5, 6],
        suggests: "The nodes tell each other their counts past the network, perhaps by a file that all of them read; or what they know stands in the program.",
        training: "problem-3-crash",
        hint: 1,
        symptom: told::shares_a_disk,
    },
    Mistake {
        id: "answers-before-counting",
        problems: &[1, 2, 3, 4, 5, 6],
        suggests: "The producer answers SendPing with its count as it was before it counted this ping.",
        training: "problem-1-broadcast",
        hint: 3,
        symptom: broadcast::answers_before_counting,
    },
    Mistake {
        id: "counts-deliveries",
        problems: &[1, 2, 3, 4, 5, 6],
        suggests: "The consumer counts how often it is told a number, instead of keeping the number.",
        training: "problem-1-broadcast",
        hint: 2,
        symptom: broadcast::counts_deliveries,
    },
    Mistake {
        id: "adds-what-it-is-told",
        problems: &[1, 2, 3, 4, 5, 6],
        suggests: "The consumer adds the count that it is told to the one that it had, instead of keeping the greater of the two.",
        training: "problem-1-broadcast",
        hint: 2,
        symptom: broadcast::adds_what_it_is_told,
    },
    Mistake {
        id: "overwrites-with-older",
        problems: &[1, 2, 3, 4, 5, 6],
        suggests: "The consumer keeps the number that came last, although one that came before it was higher, and so newer.",
        training: "problem-3-crash",
        hint: 2,
        symptom: crash::overwrites_with_older,
    },
    Mistake {
        id: "sends-nothing",
        problems: &[1, 2, 3, 4, 5, 6],
        suggests: "The producer sends its ping to no consumer at all, not even to that of its own node: perhaps an `.await` is missing, for a future does nothing until it is awaited.",
        training: "problem-1-broadcast",
        hint: 3,
        symptom: broadcast::sends_nothing,
    },
    Mistake {
        id: "pings-its-own-node-only",
        problems: &[1],
        suggests: "The producer sends its ping to the consumer of its own node, and to no other node: perhaps its list of nodes was made when it started, and there were none yet.",
        training: "problem-1-broadcast",
        hint: 2,
        symptom: broadcast::pings_its_own_node_only,
    },
    Mistake {
        id: "forgets-its-own-consumer",
        problems: &[1],
        suggests: "The producer does not send its ping to the consumer of its own node, which is in no list of nodes.",
        training: "problem-1-broadcast",
        hint: 2,
        symptom: broadcast::forgets_its_own_consumer,
    },
    Mistake {
        id: "pings-not-all-connected",
        problems: &[1],
        suggests: "The producer does not send its ping to every node that is connected at that moment: perhaps it looked at the list of nodes only once, when it started.",
        training: "problem-1-broadcast",
        hint: 2,
        symptom: broadcast::pings_not_all_connected,
    },
    Mistake {
        id: "pings-whoever-was-seen",
        problems: &[1],
        suggests: "The producer sends its ping to nodes by their names, also to one that it is no longer connected to; and a message to a node by name connects to it.",
        training: "problem-1-broadcast",
        hint: 2,
        symptom: broadcast::pings_whoever_was_seen,
    },
    Mistake {
        id: "pings-hidden-nodes",
        problems: &[1],
        suggests: "The producer sends its ping to hidden nodes as well.",
        training: "nodes-links-cookies",
        hint: 2,
        symptom: broadcast::pings_hidden_nodes,
    },
    Mistake {
        id: "waits-for-receivers",
        problems: &[1],
        suggests: "The producer calls other nodes while it sends a ping, and answers SendPing only when they have answered.",
        training: "problem-1-broadcast",
        hint: 2,
        symptom: broadcast::waits_for_receivers,
    },
    Mistake {
        id: "leaves-out-the-asking-node",
        problems: &[2],
        suggests: "The producer asks the nodes of its list, and its own node is not in it.",
        training: "problem-2-ask-everyone",
        hint: 2,
        symptom: everyone::leaves_out_the_asking_node,
    },
    Mistake {
        id: "answers-from-memory",
        problems: &[2],
        suggests: "The producer answers with totals that it was told earlier, and does not ask these nodes again.",
        training: "problem-2-ask-everyone",
        hint: 2,
        symptom: everyone::answers_from_memory,
    },
    Mistake {
        id: "asks-the-silent-again",
        problems: &[2],
        suggests: "The producer asks a node that does not answer again and again, and gives its own answer only when all have answered, which a dead node never will.",
        training: "problem-2-ask-everyone",
        hint: 2,
        symptom: everyone::asks_the_silent_again,
    },
    Mistake {
        id: "asks-one-after-another",
        problems: &[2],
        suggests: "The producer asks the nodes one after another, so that every silent node costs one more time limit.",
        training: "problem-2-ask-everyone",
        hint: 1,
        symptom: everyone::asks_one_after_another,
    },
    Mistake {
        id: "waits-longer-than-it-may",
        problems: &[2],
        suggests: "The producer waits for a node that is silent longer than ASK_WITHIN, perhaps as long as any call waits unless told otherwise.",
        training: "problem-2-ask-everyone",
        hint: 1,
        symptom: everyone::waits_longer_than_it_may,
    },
    Mistake {
        id: "takes-silence-for-zero",
        problems: &[2],
        suggests: "The producer takes the total of a node that did not answer to be zero.",
        training: "problem-2-ask-everyone",
        hint: 2,
        symptom: everyone::takes_silence_for_zero,
    },
    Mistake {
        id: "leaves-out-the-silent",
        problems: &[2],
        suggests: "The producer puts only the nodes that answered into its answer, and does not say which did not.",
        training: "problem-2-ask-everyone",
        hint: 2,
        symptom: everyone::leaves_out_the_silent,
    },
    Mistake {
        id: "expects-every-answer",
        problems: &[2],
        suggests: "The producer takes it for granted that every node answers, and crashes when one does not.",
        training: "problem-2-ask-everyone",
        hint: 2,
        symptom: everyone::expects_every_answer,
    },
    Mistake {
        id: "remembers-instead-of-asking",
        problems: &[3],
        suggests: "The restarted consumer takes its counts from something that outlived the crash, and not from the producers; what it had missed before, it still misses.",
        training: "problem-3-crash",
        hint: 1,
        symptom: crash::remembers_instead_of_asking,
    },
    Mistake {
        id: "asks-nobody-else",
        problems: &[3],
        suggests: "The restarted consumer does not ask the producers of the other nodes: perhaps nothing does, or an async function that would is called and never awaited.",
        training: "problem-3-crash",
        hint: 2,
        symptom: crash::asks_nobody_else,
    },
    Mistake {
        id: "misses-its-own-producer",
        problems: &[3],
        suggests: "The restarted consumer does not get the count of its own node: either it does not ask its own producer, which is in no list of nodes, or that one has forgotten its count as well.",
        training: "problem-3-crash",
        hint: 2,
        symptom: crash::misses_its_own_producer,
    },
    Mistake {
        id: "copies-from-one-neighbour",
        problems: &[3],
        suggests: "The restarted consumer copies the counts of one other consumer, and has nothing when that one is silent.",
        training: "problem-3-crash",
        hint: 1,
        symptom: crash::copies_from_one_neighbour,
    },
    Mistake {
        id: "asks-one-producer-after-another",
        problems: &[3],
        suggests: "The restarted consumer asks one producer after the other, and waits for each answer before it asks the next.",
        training: "problem-3-crash",
        hint: 2,
        symptom: crash::asks_one_producer_after_another,
    },
    Mistake {
        id: "waits-for-itself",
        problems: &[3],
        suggests: "The restarted consumer waits in `init` for something on its own node: a server that calls itself waits for itself, and two that call each other wait for each other, until the time limit ends it.",
        training: "problem-3-crash",
        hint: 2,
        symptom: crash::waits_for_itself,
    },
    Mistake {
        id: "waits-in-init",
        problems: &[3],
        suggests: "The restarted consumer waits for the slowest producer before it handles its first message, perhaps in `init`.",
        training: "problem-3-crash",
        hint: 2,
        symptom: crash::waits_in_init,
    },
    Mistake {
        id: "all-answers-or-none",
        problems: &[3],
        suggests: "The restarted consumer uses what some producers answered only when all of them have answered, if it uses it at all.",
        training: "problem-3-crash",
        hint: 2,
        symptom: crash::all_answers_or_none,
    },
    Mistake {
        id: "counts-a-greeting",
        problems: &[3, 4, 5],
        suggests: "The producer greets a node that it meets with a new ping, and so counts one that nobody asked for.",
        training: "problem-4-netsplit",
        hint: 3,
        symptom: netsplit::counts_a_greeting,
    },
    Mistake {
        id: "tells-it-under-the-wrong-name",
        problems: &[4, 5],
        suggests: "What a node tells about its own count goes out under the name of the node that it is sent to: `from` is the wrong node.",
        training: "the-messages",
        hint: 3,
        symptom: netsplit::tells_it_under_the_wrong_name,
    },
    Mistake {
        id: "forgets-who-is-down",
        problems: &[2, 4],
        suggests: "The consumer removes the count of a node that went down, and so forgets the best that it knew.",
        training: "problem-4-netsplit",
        hint: 2,
        symptom: netsplit::forgets_who_is_down,
    },
    Mistake {
        id: "only-one-side-asks",
        problems: &[4],
        suggests: "Of two nodes that meet, only one learns the count of the other.",
        training: "problem-4-netsplit",
        hint: 3,
        symptom: netsplit::only_one_side_asks,
    },
    Mistake {
        id: "tells-only-news",
        problems: &[5],
        suggests: "A node that meets another again tells its count only if it has changed meanwhile; but the other side may have forgotten it.",
        training: "problem-5-a-crash-during-the-split",
        hint: 1,
        symptom: netsplit::tells_only_news,
    },
    Mistake {
        id: "forgets-to-watch-again",
        problems: &[5],
        suggests: "The consumer that was started again does not act on a new link, although it did before its crash: perhaps it subscribes to news of nodes only at its first start.",
        training: "problem-5-a-crash-during-the-split",
        hint: 2,
        symptom: netsplit::forgets_to_watch_again,
    },
    Mistake {
        id: "greets-newcomers-only",
        problems: &[4, 5],
        suggests: "Nodes tell or ask for their counts when they meet for the first time, and not when one of them comes back. Or `handle_info` is never called: it is `watch_nodes` that asks for news of nodes.",
        training: "problem-4-netsplit",
        hint: 2,
        symptom: netsplit::greets_newcomers_only,
    },
    Mistake {
        id: "says-nothing-on-a-new-link",
        problems: &[4, 5],
        suggests: "When a link comes up, neither of the two nodes asks for the count of the other, or tells its own. Or `handle_info` is never called: it is `watch_nodes` that asks for news of nodes.",
        training: "problem-4-netsplit",
        hint: 1,
        symptom: netsplit::says_nothing_on_a_new_link,
    },
    Mistake {
        id: "asks-no-other-consumer",
        problems: &[6],
        suggests: "The restarted producer does not ask the consumers of the other nodes, which still know its count.",
        training: "problem-6-the-producer-crashes",
        hint: 2,
        symptom: lost_count::asks_no_other_consumer,
    },
    Mistake {
        id: "counts-what-others-sent",
        problems: &[6],
        suggests: "The restarted producer goes on from the highest count of any node, and not from that of its own.",
        training: "problem-6-the-producer-crashes",
        hint: 2,
        symptom: lost_count::counts_what_others_sent,
    },
    Mistake {
        id: "believes-one-consumer",
        problems: &[6],
        suggests: "The restarted producer goes on from what one consumer says, although another has seen more of its pings.",
        training: "problem-6-the-producer-crashes",
        hint: 2,
        symptom: lost_count::believes_one_consumer,
    },
    Mistake {
        id: "counts-while-it-recovers",
        problems: &[6],
        suggests: "The restarted producer does ask the consumers, but gives a ping its number without their answers: perhaps it does not wait for them.",
        training: "problem-6-the-producer-crashes",
        hint: 2,
        symptom: lost_count::counts_while_it_recovers,
    },
];

/// Counts by the names of nodes; one of 0 and one that is missing are the same.
type Counts = BTreeMap<String, u64>;

/// The consumer whose counts were found wrong, and what it showed.
fn shown<'a>(case: &Case<'a>) -> Option<(&'a str, Counts)> {
    let (node, counts) = case.failure.seen.split_once("'s consumer shows ")?;
    Some((node, counts_in(counts)))
}

/// What it should have shown.
fn wanted(case: &Case) -> Counts {
    counts_in(&case.failure.expected)
}

/// A node of which a consumer showed too little, what it showed, and what was right.
type TooLow = (String, u64, u64);

/// A consumer, and the nodes of which it showed too little.
fn too_low<'a>(case: &Case<'a>) -> Option<(&'a str, Vec<TooLow>)> {
    let (node, shown) = shown(case)?;
    let of = |(of, right): (String, u64)| {
        let seen = count_of(&shown, &of);
        (seen < right).then_some((of, seen, right))
    };
    Some((node, wanted(case).into_iter().filter_map(of).collect()))
}

fn count_of(counts: &Counts, node: &str) -> u64 {
    counts.get(node).copied().unwrap_or(0)
}

/// All that stands as `n2: 5` in a text.
fn counts_in(text: &str) -> Counts {
    let word = |c: char| !c.is_ascii_alphanumeric() && c != ':';
    let words: Vec<&str> = text.split(word).filter(|word| !word.is_empty()).collect();
    let pairs = words.windows(2).filter_map(|pair| {
        let node = pair[0].strip_suffix(':')?;
        Some((node.to_owned(), pair[1].parse().ok()?))
    });
    pairs.collect()
}

/// The number that a SendPing was answered with, by which node, and the number that was right.
fn wrong_number<'a>(case: &Case<'a>) -> Option<(&'a str, u64, u64)> {
    let (node, answer) = case
        .failure
        .seen
        .split_once("'s producer answered SendPing with ")?;
    let expected = &case.failure.expected;
    let right = ["which is ", "this ping is number "]
        .iter()
        .find_map(|before| expected.split_once(before))?;
    let right = right.1.split(' ').next()?;
    Some((node, answer.parse().ok()?, right.parse().ok()?))
}

/// What a consumer was told, once for each time that it came, of the count of a node that is not
/// its own: by pings, and by answers of that node's producer. In the order of coming, and since
/// the consumer last crashed or its node was last started.
fn tellings<'a>(case: &Case<'a>, node: &str, of: &str) -> Vec<(Sent<'a>, u64)> {
    let since = forgot_all(case, node);
    let mut told = Vec::new();
    for sent in case.messages().to(node).since(since).arrived().iter() {
        let count = match sent.kind {
            Kind::Cast if sent.text("from") == Some(of) => sent.number("count"),
            Kind::Answer if sent.from == of && sent.name.as_deref() == Some("Count") => {
                sent.body.as_ref().and_then(|body| body.as_u64())
            }
            _ => None,
        };
        let times = if sent.fate == Fate::Doubled { 2 } else { 1 };
        told.extend(
            count
                .into_iter()
                .flat_map(|count| vec![(*sent, count); times]),
        );
    }
    told.sort_by_key(|(sent, _)| sent.delivered_us);
    told
}

/// Since when a consumer has its memory: the step in which it crashed, or its node was started.
fn forgot_all(case: &Case, node: &str) -> u64 {
    let crash = case.last_crash("consumer");
    let crashed = crash.filter(|crash| crash.node == node);
    let crashed = crashed.map(|crash| crash.step_us);
    let started = case.process(node, Change::Started);
    crashed.max(started).unwrap_or(0)
}
