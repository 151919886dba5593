//! Symptom of problem 8: how much nodes send each other after a split.

use super::news::reconnected;
use crate::fact::Fact;
use testkit::diagnosis::Case;
use testkit::diagnosis::evidence::{Messages, Sent, listed};

/// A message of so many bytes describes dozens of links.
const MUCH: usize = 4_000;

fn bytes(messages: &Messages) -> usize {
    messages.iter().map(|sent| sent.message.bytes).sum()
}

/// What a node sent before any message of the other arrived.
fn unasked<'a>(exchanged: &Messages<'a>, node: &str) -> Messages<'a> {
    let heard = exchanged
        .iter()
        .filter(|sent| sent.message.to == node)
        .filter_map(|sent| sent.message.delivered_us)
        .min();
    exchanged
        .clone()
        .from(node)
        .before(heard.unwrap_or(u64::MAX))
}

fn longest<'a>(messages: &Messages<'a>) -> Option<Sent<'a>> {
    messages
        .iter()
        .copied()
        .max_by_key(|sent| sent.message.bytes)
}

pub(super) fn everything_is_sent_on_reconnection(case: &Case) -> Option<String> {
    let Fact::HealCost { pair, newcomer } = case.fact()? else {
        return None;
    };
    let since = reconnected(case, &pair[0], &pair[1])?;
    let exchanged = case
        .messages()
        .since(since)
        .that(|sent| pair.contains(&sent.message.from) && pair.contains(&sent.message.to));
    let both = [0, 1].map(|place| (&pair[place], unasked(&exchanged, &pair[place])));
    let (node, first) = both.into_iter().max_by_key(|(_, first)| bytes(first))?;
    let much = bytes(&first) > MUCH && bytes(&first) * 5 > bytes(&exchanged);
    // A long summary is no such message: the newcomer got the links in a longer one of another kind.
    let whole = longest(&case.messages().to(&newcomer))?;
    let holds_links = longest(&first)?.message.name == whole.message.name;
    (much && holds_links).then(|| {
        format!(
            "as soon as {} were connected again, {node} sent {} bytes, before any message from the other had arrived",
            listed(&pair),
            bytes(&first)
        )
    })
}
