//! What nodes sent each other about views, and what a node that took it in should show.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::fact::Fact;
use testkit::diagnosis::Case;
use testkit::diagnosis::evidence::Sent;
use testkit::trace::{Change, What};

/// What a message says about a link: the counts of some slots, or none if it only names the link.
#[derive(Debug, Clone)]
pub(super) struct News<'a> {
    /// The message.
    pub(super) sent: Sent<'a>,
    /// The counts in the message, by slot.
    pub(super) counts: Vec<(&'a str, u64)>,
}

impl<'a> News<'a> {
    pub(super) fn from(&self) -> &'a str {
        &self.sent.message.from
    }

    pub(super) fn to(&self) -> &'a str {
        &self.sent.message.to
    }

    /// When it arrived, if it did.
    pub(super) fn came(&self) -> Option<u64> {
        self.sent.delivered_us.filter(|_| self.sent.arrived())
    }

    /// The count of a slot in it.
    pub(super) fn count_of(&self, slot: &str) -> Option<u64> {
        let mut counts = self.counts.iter();
        counts
            .find(|(own, _)| *own == slot)
            .map(|(_, count)| *count)
    }
}

/// A node that shows another number of views than it should.
pub(super) struct Shown {
    /// The node.
    pub(super) node: String,
    /// The code of the link.
    pub(super) code: String,
    /// The number that it shows.
    pub(super) shown: u64,
    /// The number that it should show.
    pub(super) wanted: u64,
}

impl Shown {
    pub(super) fn in_case(case: &Case) -> Option<Self> {
        match case.fact()? {
            Fact::Views {
                node,
                code,
                shown,
                wanted,
            } => Some(Shown {
                node,
                code,
                shown,
                wanted,
            }),
            _ => None,
        }
    }

    /// When the node was last started.
    pub(super) fn started(&self, case: &Case) -> u64 {
        case.process(&self.node, Change::Started)
            .unwrap_or_default()
    }

    /// The number of views of the link on a node since its start.
    pub(super) fn views_on(&self, case: &Case, node: &str) -> u64 {
        let since = case.process(node, Change::Started).unwrap_or_default();
        let requests = case.requests().into_iter();
        let followed = requests.filter(|asked| {
            asked.node == node
                && asked.at_us > since
                && asked.followed() == Some(self.code.as_str())
                && asked.status() == Some(302)
        });
        followed.count() as u64
    }

    /// What nodes sent each other about the link, in the order of sending.
    pub(super) fn news<'a>(&self, case: &Case<'a>) -> Vec<News<'a>> {
        case.messages()
            .iter()
            .filter_map(|sent| news(*sent, &self.code))
            .collect()
    }

    /// How many views of its own the node told others of.
    pub(super) fn told(&self, news: &[News]) -> u64 {
        let (whose, own) = (counters(news), Some(self.node.as_str()));
        let sent: Vec<&News> = news
            .iter()
            .filter(|news| own == Some(news.from()))
            .collect();
        let counts = highest(&sent).into_iter();
        sum(counts
            .filter(|(slot, _)| whose.get(slot).copied() == own)
            .map(|(_, count)| count))
    }

    /// What arrived at the node since its start, in the order of arrival.
    pub(super) fn came<'a, 'n>(&self, case: &Case<'a>, news: &'n [News<'a>]) -> Vec<&'n News<'a>> {
        let since = self.started(case);
        let mut came: Vec<&News> = news
            .iter()
            .filter(|news| news.to() == self.node && news.came().is_some_and(|at| at >= since))
            .collect();
        came.sort_by_key(|news| news.came());
        came
    }
}

/// The sum of counts. They come from a learner's program, and may be of any size.
pub(super) fn sum(counts: impl IntoIterator<Item = u64>) -> u64 {
    counts.into_iter().fold(0, u64::saturating_add)
}

/// The highest count of each slot that arrived.
pub(super) fn highest<'a>(came: &[&News<'a>]) -> BTreeMap<&'a str, u64> {
    let mut highest: BTreeMap<&str, u64> = BTreeMap::new();
    for (slot, count) in came.iter().flat_map(|news| &news.counts) {
        let known = highest.entry(slot).or_default();
        *known = (*known).max(*count);
    }
    highest
}

/// The node that first sent a count of each slot: it counts in that slot.
pub(super) fn counters<'a>(news: &[News<'a>]) -> BTreeMap<&'a str, &'a str> {
    let mut whose = BTreeMap::new();
    for news in news {
        for (slot, _) in &news.counts {
            whose.entry(*slot).or_insert(news.from());
        }
    }
    whose
}

/// What a message says about a link, if it names the link.
fn news<'a>(sent: Sent<'a>, code: &str) -> Option<News<'a>> {
    let body = sent.message.body.as_ref()?;
    let mut counts = Vec::new();
    let named = gather(body, code, false, &mut counts);
    named.then_some(News { sent, counts })
}

/// Looks for a link's code, and for counts beside or behind it. Returns whether the code was there.
fn gather<'a>(of: &'a Value, code: &str, within: bool, counts: &mut Vec<(&'a str, u64)>) -> bool {
    let is_code = |value: &Value| value.as_str() == Some(code);
    match of {
        Value::Array(items) => {
            let mut named = false;
            for (place, item) in items.iter().enumerate() {
                let behind = place
                    .checked_sub(1)
                    .is_some_and(|before| is_code(&items[before]));
                named |= gather(item, code, behind || (within && items.len() == 1), counts);
            }
            named
        }
        Value::Object(fields) => {
            let beside = fields.values().any(is_code);
            let mut named = false;
            for (name, field) in fields {
                let within = within || beside || name == code;
                named |= name == code;
                // The field `visitors` has no views.
                if name == "visitors" {
                    continue;
                }
                match field.as_u64() {
                    Some(count) if within => counts.push((name, count)),
                    _ => named |= gather(field, code, within, counts),
                }
            }
            named
        }
        other => is_code(other),
    }
}

/// When two nodes that had been connected before were last connected again.
pub(super) fn reconnected(case: &Case, one: &str, other: &str) -> Option<u64> {
    let mut opened = case.events().filter_map(|event| match &event.what {
        What::Opened { from, to, .. } => {
            let pair = [from.as_str(), to.as_str()];
            (pair.contains(&one) && pair.contains(&other)).then_some(event.at_us)
        }
        _ => None,
    });
    opened.next()?;
    opened.next_back()
}
