//! Symptoms of problem 1: what a look-up costs, and what the table keeps.

use std::collections::{BTreeMap, BTreeSet};

use shortener::Code;

use super::stored_link;
use testkit::diagnosis::Case;
use testkit::diagnosis::evidence::seconds;
use testkit::diagnosis::service::{Asked, Command};

/// How many entries a table may have.
const CAP: usize = 1000;

/// How many questions for one code may come of chance.
const A_FEW: usize = 5;

/// Something that a node did or was asked, in the order of time.
enum Turn<'a> {
    Answered(Asked<'a>),
    Gave(Command<'a>),
}

/// What was asked of nodes, by the time of the answer, and what they asked their store.
fn turns<'a>(case: &Case<'a>) -> Vec<Turn<'a>> {
    let answered = case.requests().into_iter();
    let gave = case.commands().into_iter();
    let mut turns: Vec<(u64, Turn)> = answered
        .map(|asked| (asked.at_us, Turn::Answered(asked)))
        .chain(gave.map(|command| (command.at_us, Turn::Gave(command))))
        .collect();
    turns.sort_by_key(|(at, _)| *at);
    turns.into_iter().map(|(_, turn)| turn).collect()
}

/// Visitors of one node who came for the same code before the first of them had an answer, and
/// the questions to the store until the next one came.
struct Crowd<'a> {
    node: &'a str,
    code: &'a str,
    from_us: u64,
    /// When the first of them had an answer, and its status.
    answered_us: u64,
    status: Option<u16>,
    visitors: usize,
    questions: usize,
}

/// The crowds, those of one node and code in the order of their coming, one behind the other.
fn crowds<'a>(case: &Case<'a>) -> Vec<Crowd<'a>> {
    let mut visitors: BTreeMap<(&str, &str), Vec<Asked>> = BTreeMap::new();
    for visitor in case.requests() {
        if let Some(code) = visitor.followed() {
            let place = visitors.entry((visitor.node, code)).or_default();
            place.push(visitor);
        }
    }
    let mut questions: BTreeMap<(&str, &str), Vec<u64>> = BTreeMap::new();
    for command in case.commands() {
        if let Some(code) = command.reads() {
            let place = questions.entry((command.node, code)).or_default();
            place.push(command.at_us);
        }
    }
    let mut crowds = Vec::new();
    for ((node, code), mut coming) in visitors {
        coming.sort_by_key(|visitor| visitor.from_us);
        let asked = questions.remove(&(node, code)).unwrap_or_default();
        while let Some(first) = coming.iter().min_by_key(|visitor| visitor.at_us).copied() {
            let here = coming.partition_point(|visitor| visitor.from_us <= first.at_us);
            let from_us = coming[0].from_us;
            let later = coming.split_off(here);
            let until = later.first().map_or(u64::MAX, |next| next.from_us);
            let own = asked.iter().filter(|at| (from_us..until).contains(at));
            crowds.push(Crowd {
                node,
                code,
                from_us,
                answered_us: first.at_us,
                status: first.status(),
                visitors: coming.len(),
                questions: own.count(),
            });
            coming = later;
        }
    }
    crowds
}

pub(super) fn one_asks_for_each(case: &Case) -> Option<String> {
    // A question may come to the store after the answer to another, which served all who waited.
    // So what counts is not its time, but that there is one for each visitor.
    let each = |crowd: &&Crowd| crowd.questions > A_FEW && crowd.questions * 2 > crowd.visitors;
    let crowds = crowds(case);
    let Crowd {
        node,
        code,
        visitors,
        questions,
        ..
    } = crowds.iter().find(each)?;
    let who = match visitors {
        1 => "one visitor".to_owned(),
        visitors => format!("{visitors} visitors, who came before the first of them had an answer"),
    };
    Some(format!(
        "{node} asked the store {questions} times for {code} for the sake of {who}"
    ))
}

pub(super) fn nothing_is_not_kept(case: &Case) -> Option<String> {
    /// How long it is remembered for certain, measured from outside.
    const REMEMBERED: u64 = 800_000;
    let crowds = crowds(case);
    let same_place = |one: &Crowd, next: &Crowd| (one.node, one.code) == (next.node, next.code);
    let again = crowds.chunk_by(same_place).map(|crowds| {
        let soon = crowds.windows(2).filter(|pair| {
            pair[0].status == Some(404) && pair[1].from_us < pair[0].answered_us + REMEMBERED
        });
        let times: usize = soon.map(|pair| pair[1].questions).sum();
        // Those who came before the first answer may each have had the store asked, and some of
        // that may have come there late.
        let first = &crowds[0];
        let late = first.visitors.saturating_sub(first.questions);
        (times.saturating_sub(late), first)
    });
    let (times, Crowd { node, code, .. }) = again.max_by_key(|(times, _)| *times)?;
    (times > A_FEW).then(|| {
        format!("{node} had just answered 404 for {code}, and asked the store for it again, {times} times within less than a second")
    })
}

/// Questions to the store for links that the node had followed before, and the visitors who came
/// for them: where it had answered 302, did not have to forget, and the link has no end.
struct Again<'a> {
    node: &'a str,
    code: &'a str,
    times: usize,
    visitors: Vec<Asked<'a>>,
}

fn asked_again<'a>(case: &Case<'a>) -> Option<Again<'a>> {
    let mut known: BTreeSet<(&str, &str)> = BTreeSet::new();
    let mut ending: BTreeSet<&str> = BTreeSet::new();
    let mut again: Option<Again> = None;
    for turn in turns(case) {
        match turn {
            Turn::Answered(visitor) => {
                let (Some(code), Some(302)) = (visitor.followed(), visitor.status()) else {
                    continue;
                };
                let is_new = known.insert((visitor.node, code));
                if let Some(again) = &mut again
                    && !is_new
                    && again.node == visitor.node
                {
                    again.visitors.push(visitor);
                }
            }
            Turn::Gave(command) => {
                if let Some((code, link)) = stored_link(&command)
                    && link.expires_at.is_some()
                {
                    ending.insert(code);
                }
                let (node, Some(code)) = (command.node, command.reads()) else {
                    continue;
                };
                let is_known = known.contains(&(node, code)) && known.len() < CAP / 2;
                if is_known && !ending.contains(code) {
                    let again = again.get_or_insert(Again {
                        node,
                        code,
                        times: 0,
                        visitors: Vec::new(),
                    });
                    again.times += 1;
                }
            }
        }
    }
    again
}

pub(super) fn asks_whether_it_is_still_so(case: &Case) -> Option<String> {
    let again = asked_again(case)?;
    let delay = case.store_delay(again.node)?;
    let quick = |visitor: &&Asked| visitor.took_us.is_some_and(|took| took < delay);
    let quick: Vec<&Asked> = again.visitors.iter().filter(quick).collect();
    let first = quick.first()?;
    (quick.len() >= 3 && again.times >= again.visitors.len() / 2).then(|| {
        format!(
            "{} followed {} in {:.1} ms, which is less than the store takes, and asked the store for it all the same",
            again.node,
            first.followed().unwrap_or(again.code),
            first.took_us.unwrap_or_default() as f64 / 1000.0
        )
    })
}

pub(super) fn asks_for_what_it_knew(case: &Case) -> Option<String> {
    let Again {
        node, code, times, ..
    } = asked_again(case)?;
    let more = match times {
        1 => String::new(),
        times => format!(", and did the like {times} times in all"),
    };
    Some(format!(
        "{node} had followed {code} already when it asked the store for it once more{more}"
    ))
}

pub(super) fn created_is_not_kept(case: &Case) -> Option<String> {
    let mut created: BTreeSet<(&str, &str)> = BTreeSet::new();
    for turn in turns(case) {
        match turn {
            Turn::Answered(asked) => {
                if let Some(code) = asked.created()
                    && !asked.question.contains(" ttl")
                    && !asked.question.ends_with('…')
                {
                    created.insert((asked.node, code));
                }
                if let (Some(code), Some(302)) = (asked.followed(), asked.status()) {
                    created.remove(&(asked.node, code));
                }
            }
            Turn::Gave(command) => {
                let (node, Some(code)) = (command.node, command.reads()) else {
                    continue;
                };
                if created.contains(&(node, code)) && created.len() < CAP / 2 {
                    return Some(format!(
                        "{node} had just created the link {code}, and asked the store for it when it was followed there"
                    ));
                }
            }
        }
    }
    None
}

pub(super) fn nothing_hides_what_is_created(case: &Case) -> Option<String> {
    let mut nowhere: BTreeSet<(&str, &str)> = BTreeSet::new();
    let mut created: BTreeSet<(&str, &str)> = BTreeSet::new();
    for turn in turns(case) {
        match turn {
            Turn::Answered(asked) => {
                if let Some(code) = asked.created()
                    && nowhere.contains(&(asked.node, code))
                {
                    created.insert((asked.node, code));
                }
                let (Some(code), Some(404)) = (asked.followed(), asked.status()) else {
                    continue;
                };
                let (node, place) = (asked.node, (asked.node, code));
                if created.contains(&place) {
                    return Some(format!(
                        "{node} had answered 404 for {code}, then it created that link itself, and then it answered 404 for it again, without a question to the store"
                    ));
                }
                nowhere.insert(place);
            }
            Turn::Gave(command) => {
                if let Some(code) = command.reads() {
                    created.remove(&(command.node, code));
                    nowhere.remove(&(command.node, code));
                }
            }
        }
    }
    None
}

pub(super) fn nothing_is_kept_too_long(case: &Case) -> Option<String> {
    /// A second, and what a busy machine may add.
    const TOO_LONG: u64 = 1_600_000;
    let mut asked: BTreeMap<(&str, &str), u64> = BTreeMap::new();
    let mut exists: BTreeSet<&str> = BTreeSet::new();
    for turn in turns(case) {
        match turn {
            Turn::Gave(command) => {
                if let Some(code) = command.reads().filter(|_| command.forwarded) {
                    asked.insert((command.node, code), command.at_us);
                }
            }
            Turn::Answered(visitor) => {
                exists.extend(visitor.created());
                let (Some(code), Some(404)) = (visitor.followed(), visitor.status()) else {
                    continue;
                };
                let since = asked.get(&(visitor.node, code));
                let age = since.map_or(0, |since| visitor.from_us.saturating_sub(*since));
                if exists.contains(code) && age > TOO_LONG {
                    return Some(format!(
                        "{node} answered 404 for {code} though there was such a link by then, and had last asked the store for it {age} before",
                        node = visitor.node,
                        age = seconds(age)
                    ));
                }
            }
        }
    }
    None
}

/// The size that the table was found to have, the node, and how many codes it was asked for.
fn too_large<'a>(case: &Case<'a>) -> Option<(usize, usize, &'a str)> {
    let size = case.failure.seen.split("answered `Size` with ").nth(1)?;
    let size: usize = size
        .split(|c: char| !c.is_ascii_digit())
        .next()?
        .parse()
        .ok()?;
    let node = case
        .nodes()
        .iter()
        .find(|node| case.failure.seen.starts_with(node.as_str()))?;
    let requests = case.requests();
    let own = requests.iter().filter(|asked| asked.node == node);
    let codes = own.filter_map(|asked| asked.followed().or(asked.created()));
    let codes: BTreeSet<&str> = codes.collect();
    (size > CAP).then_some((size, codes.len(), node))
}

pub(super) fn table_has_one_too_many(case: &Case) -> Option<String> {
    let (size, codes, node) = too_large(case)?;
    (size == CAP + 1 && codes > CAP + 1).then(|| {
        format!("{node} had been asked for {codes} codes, and its table had {size} entries, just one more than it may have")
    })
}

pub(super) fn table_makes_no_room(case: &Case) -> Option<String> {
    let (size, codes, node) = too_large(case)?;
    (size > CAP + 1 && size == codes).then(|| {
        format!("{node} had been asked for {codes} codes, those that lead nowhere among them, and its table had an entry for each")
    })
}

pub(super) fn code_is_no_hash(case: &Case) -> Option<String> {
    case.requests().iter().find_map(|asked| {
        let (url, code) = (asked.url()?, asked.created()?);
        let may_be = Code::candidates(url);
        let strange = !may_be.iter().any(|one| one.to_string() == code);
        strange.then(|| {
            format!(
                "{} gave {url} the code {code}, which is none of those that `Code::candidates` names for this URL",
                asked.node
            )
        })
    })
}

pub(super) fn only_the_first_code_is_tried(case: &Case) -> Option<String> {
    let commands = case.commands();
    case.requests().iter().find_map(|asked| {
        let url = asked.url().filter(|_| asked.status() == Some(409))?;
        let during = |command: &&Command| command.node == asked.node && asked.covers(command.at_us);
        let tried = commands.iter().filter(during).filter_map(stored_link);
        let tried: BTreeSet<&str> = tried
            .filter(|(_, link)| link.url == url)
            .map(|(code, _)| code)
            .collect();
        let [only] = tried.iter().collect::<Vec<_>>()[..] else {
            return None;
        };
        Some(format!(
            "{} answered 409 for {url}, for which nobody had asked for a code, and had tried one code only: {only}",
            asked.node
        ))
    })
}
