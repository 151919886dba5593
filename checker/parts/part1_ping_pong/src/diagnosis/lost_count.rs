//! Symptoms of problem 6.

use super::wrong_number;
use testkit::diagnosis::Case;
use testkit::diagnosis::evidence::{Call, listed};
use testkit::trace::Kind;

/// A producer that was started again, and numbered its next ping wrongly.
struct Restart<'a> {
    /// Its node.
    node: &'a str,
    /// The number that it gave.
    number: u64,
    /// The number that was right.
    right: u64,
    /// What it asked consumers of other nodes since then.
    asked: Vec<Call<'a>>,
}

fn restart<'a>(case: &Case<'a>) -> Option<Restart<'a>> {
    let (node, number, right) = wrong_number(case)?;
    let crash = case.last_crash("producer")?;
    if crash.node != node {
        return None;
    }
    let asked = case.messages().for_server("consumer").since(crash.step_us);
    let asked = asked.calls().into_iter();
    Some(Restart {
        node,
        number,
        right,
        asked: asked.filter(|call| call.asked.from == node).collect(),
    })
}

impl Restart<'_> {
    /// What each of the consumers that were asked said of a node.
    fn answers(&self, of: &str) -> Vec<(&str, u64)> {
        let said = self.asked.iter().filter_map(|call| {
            let answer = call.answer.filter(|answer| answer.kind == Kind::Answer)?;
            let count = answer.body.as_ref()?.get(of)?.as_u64()?;
            Some((call.asked.message.to.as_str(), count))
        });
        said.collect()
    }
}

pub(super) fn asks_no_other_consumer(case: &Case) -> Option<String> {
    let restart = restart(case)?;
    let node = restart.node;
    (restart.asked.is_empty() && restart.number < restart.right).then(|| {
        let number = restart.number;
        format!("after its producer had crashed, {node} asked no consumer of another node, and numbered the next ping {number}")
    })
}

pub(super) fn counts_what_others_sent(case: &Case) -> Option<String> {
    let restart = restart(case)?;
    let (node, number) = (restart.node, restart.number);
    let others = case.nodes().iter().filter(|of| *of != node);
    others.filter(|_| number > restart.right).find_map(|of| {
        let answers = restart.answers(of);
        let (who, count) = answers.iter().find(|(_, count)| count + 1 == number)?;
        Some(format!(
            "{who} told {node} that it knows {count} pings of {of}, and {node} numbered its own next ping {number}"
        ))
    })
}

pub(super) fn believes_one_consumer(case: &Case) -> Option<String> {
    let restart = restart(case)?;
    let (node, number) = (restart.node, restart.number);
    let answers = restart.answers(node);
    let (low, believed) = answers.iter().find(|(_, count)| count + 1 == number)?;
    let (high, most) = answers.iter().max_by_key(|(_, count)| *count)?;
    (most > believed).then(|| {
        format!("{low} told {node} that it knows {believed} of its pings, {high} that it knows {most}, and {node} numbered the next one {number}")
    })
}

pub(super) fn counts_while_it_recovers(case: &Case) -> Option<String> {
    let restart = restart(case)?;
    let node = restart.node;
    let asked: Vec<&str> = restart
        .asked
        .iter()
        .map(|call| call.asked.message.to.as_str())
        .collect();
    let told = restart.answers(node);
    let number = restart.number;
    let not_from_there = told.iter().all(|(_, count)| count + 1 > number);
    (!asked.is_empty() && number == 1 && not_from_there).then(|| {
        let asked = listed(&asked);
        format!("{node} asked the consumers of {asked} after its producer had crashed, and the next ping nevertheless had the number 1")
    })
}
