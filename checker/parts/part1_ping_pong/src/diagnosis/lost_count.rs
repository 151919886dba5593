//! Symptoms of problem 6.

use super::wrong_number;
use testkit::diagnosis::Case;
use testkit::diagnosis::evidence::Call;
use testkit::trace::Kind;

/// A producer that was restarted, and gave its next ping a wrong number.
struct Restart<'a> {
    /// Its node.
    node: String,
    /// The number that it gave.
    number: u64,
    /// The right number.
    wanted: u64,
    /// Its node's calls to other consumers since the crash.
    asked: Vec<Call<'a>>,
}

fn restart<'a>(case: &Case<'a>) -> Option<Restart<'a>> {
    let (node, number, wanted) = wrong_number(case)?;
    let crash = case
        .last_crash("producer")
        .filter(|crash| crash.node == node)?;
    let sent = case.messages().for_server("consumer").since(crash.step_us);
    let calls = sent.calls().into_iter();
    Some(Restart {
        asked: calls.filter(|call| call.asked.from == node).collect(),
        node,
        number,
        wanted,
    })
}

impl Restart<'_> {
    /// The counts of a node that the consumers answered, each with its node.
    fn answers(&self, of: &str) -> Vec<(&str, u64)> {
        let answers = self.asked.iter().filter_map(|call| {
            let answer = call.answer.filter(|answer| answer.kind == Kind::Answer)?;
            let count = answer.body.as_ref()?.get(of)?.as_u64()?;
            Some((call.asked.message.to.as_str(), count))
        });
        answers.collect()
    }
}

pub(super) fn asks_no_other_consumer(case: &Case) -> Option<String> {
    let restart = restart(case)?;
    let Restart { node, number, .. } = &restart;
    (restart.asked.is_empty() && *number < restart.wanted).then(|| {
        format!("after its producer crashed, {node} asked no consumer of another node, and gave the next ping the number {number}")
    })
}

pub(super) fn counts_what_others_sent(case: &Case) -> Option<String> {
    let restart = restart(case)?;
    let Restart { node, number, .. } = &restart;
    let others = case.nodes().iter().filter(|of| *of != node);
    let too_high = others.filter(|_| *number > restart.wanted);
    too_high.into_iter().find_map(|of| {
        let answers = restart.answers(of);
        let (who, count) = answers.iter().find(|(_, count)| count + 1 == *number)?;
        Some(format!(
            "{who} told {node} that it has {count} pings of {of}, and {node} gave its own next ping the number {number}"
        ))
    })
}

pub(super) fn believes_one_consumer(case: &Case) -> Option<String> {
    let restart = restart(case)?;
    let Restart { node, number, .. } = &restart;
    let answers = restart.answers(node);
    let (low, believed) = answers.iter().find(|(_, count)| count + 1 == *number)?;
    let (high, most) = answers.iter().max_by_key(|(_, count)| *count)?;
    (most > believed).then(|| {
        format!(
            "{low} told {node} that it has {believed} of its pings, {high} answered {most}, and {node} gave the next ping the number {number}"
        )
    })
}
