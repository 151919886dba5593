//! Questions to the record: what passed between the nodes, and what became of it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use bytes::Bytes;
use runtime::net::faults::{Event, Fate, FrameSeen, Kind, Record};

use super::Cluster;
use crate::diagnosis::Untold;
use crate::scenario::Told;
use crate::verdict::Failure;

/// A moment in the record; its beginning, by default.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mark(u64);

/// Frames out of the record, to be narrowed down:
/// `cluster.since(mark).messages("Ping").from("n1").dropped().count()`.
#[derive(Debug, Clone)]
pub struct Frames(Vec<(Duration, FrameSeen)>);

impl Mark {
    pub(super) fn now(record: &Record) -> Mark {
        Mark(record.forgotten() + record.entries().len() as u64)
    }

    /// How many of the entries that a record still has are older.
    pub(super) fn known_to(self, record: &Record) -> usize {
        usize::try_from(self.0.saturating_sub(record.forgotten())).unwrap_or(usize::MAX)
    }
}

impl Cluster<'_> {
    /// Marks the present moment in the record.
    pub fn mark(&self) -> Mark {
        self.network().read(|record, _| Mark::now(record))
    }

    /// All frames between the nodes since a moment, the runtime's own included.
    pub fn since(&self, mark: Mark) -> Frames {
        self.network().read(|record, _| {
            let entries = record.entries().skip(mark.known_to(record));
            let frames = entries.filter_map(|entry| match &entry.event {
                Event::Frame(frame) => Some((entry.at, frame.clone())),
                _ => None,
            });
            Frames(frames.collect())
        })
    }

    /// All frames since the cluster began.
    pub fn frames(&self) -> Frames {
        self.since(Mark::default())
    }

    /// The pairs of nodes between which a connection was opened since a moment, each in order, without
    /// the checker's own nodes.
    pub fn opened_since(&self, mark: Mark) -> Vec<(String, String)> {
        let everyone = self.everyone();
        self.network().read(|record, _| {
            let entries = record.entries().skip(mark.known_to(record));
            let opened = entries.filter_map(|entry| match &entry.event {
                Event::Opened { from, to, .. } => Some(super::unordered(from.short(), to.short())),
                _ => None,
            });
            let is_member = |node: &String| everyone.contains(node);
            opened
                .filter(|(a, b)| is_member(a) && is_member(b))
                .collect()
        })
    }

    /// What a message said, as it was sent; if it is still remembered.
    pub fn payload(&self, frame: &FrameSeen) -> Option<Bytes> {
        self.network().read(|_, payloads| payloads.of(frame))
    }

    /// What a node knows since a moment of these texts, each of which others had to tell it, has
    /// come to it in messages. What it shows does not say so: the nodes of a test run may share
    /// more than a network.
    ///
    /// # Errors
    /// A failure that tells what it knows: `knows` says that of one of the texts.
    pub fn was_told(
        &self,
        node: &str,
        since: Mark,
        texts: &[&str],
        knows: impl FnOnce(&str) -> String,
    ) -> Told {
        let Some(text) = self.untold(node, since, texts) else {
            return Ok(());
        };
        let knows = knows(text);
        Err(self
            .untold_failure(node, &format!("{node} {knows}, and"))
            .into())
    }

    /// What a node did, told by a half sentence, and that no message accounts for it.
    pub fn untold_failure(&self, node: &str, seen: &str) -> Failure {
        self.failed_at(
            node,
            format!("{seen} no message that could have told {node} arrived there"),
            "a node learns about another node only over the network",
        )
        .fact(&Untold::Untold {
            node: node.to_owned(),
        })
        .because(
            "The nodes of a cluster share no memory and no disk. Here they run on one machine, where a file passes on \
             what a message should; on separate machines, each node has only what the others sent it.",
        )
    }

    /// One of the texts that no message from another node can have brought to a node since a
    /// moment: it stands in none that has arrived. Of long messages, whose words are not
    /// remembered, it is only known how much they may have said.
    fn untold<'t>(&self, node: &str, since: Mark, texts: &[&'t str]) -> Option<&'t str> {
        let mut untold: BTreeMap<&[u8], &str> =
            texts.iter().map(|text| (text.as_bytes(), *text)).collect();
        let lengths: BTreeSet<usize> = texts.iter().map(|text| text.len().max(1)).collect();
        let mut unknown = 0;
        for (_, frame) in self.since(since).to(node).of_servers().delivered().iter() {
            match self.payload(frame) {
                Some(payload) => {
                    for length in &lengths {
                        for words in payload.windows(*length) {
                            untold.remove(words);
                        }
                    }
                }
                None => unknown += frame.bytes,
            }
        }
        let least: usize = untold.values().map(|text| text.len()).sum();
        let first = untold.into_values().next();
        first.filter(|_| least > unknown)
    }

    /// Whether nothing at all got from one side to the other since a moment, nor back: what a
    /// cut network must show.
    pub fn nothing_crossed(&self, mark: Mark, one_side: &[&str], other_side: &[&str]) -> bool {
        let between = |from: &FrameSeen| {
            let (from, to) = (from.from.short(), from.to.short());
            (one_side.contains(&from) && other_side.contains(&to))
                || (other_side.contains(&from) && one_side.contains(&to))
        };
        self.since(mark).delivered().filter(between).is_empty()
    }
}

impl Frames {
    /// Those that pass a look.
    pub fn filter(self, look: impl Fn(&FrameSeen) -> bool) -> Frames {
        Frames(
            self.0
                .into_iter()
                .filter(|(_, frame)| look(frame))
                .collect(),
        )
    }

    /// Those that a node sent.
    pub fn from(self, node: &str) -> Frames {
        self.filter(|frame| frame.from.short() == node)
    }

    /// Those for a node.
    pub fn to(self, node: &str) -> Frames {
        self.filter(|frame| frame.to.short() == node)
    }

    /// Messages of one variant, sent with or without the wish for an answer; not the answers.
    pub fn messages(self, variant: &str) -> Frames {
        self.filter(|frame| {
            matches!(frame.kind, Kind::Cast | Kind::Call)
                && frame.message.as_deref() == Some(variant)
        })
    }

    /// What programs said to each other: casts, calls and answers, without the runtime's own.
    pub fn of_programs(self) -> Frames {
        self.filter(is_of_programs)
    }

    /// What servers said to each other, those of the runtime too: a program may have functions run
    /// elsewhere.
    fn of_servers(self) -> Frames {
        self.filter(|frame| {
            matches!(
                frame.kind,
                Kind::Cast | Kind::Call | Kind::Answer | Kind::NoAnswer
            )
        })
    }

    /// Those of a kind.
    pub fn kind(self, kind: Kind) -> Frames {
        self.filter(|frame| frame.kind == kind)
    }

    /// Those that got through, once or twice, or will.
    pub fn delivered(self) -> Frames {
        self.filter(|frame| {
            matches!(frame.fate, Fate::Deliver | Fate::Duplicate) || frame.delivered_at.is_some()
        })
    }

    /// Those that were taken away: by a rule, a partition or a blackhole.
    pub fn dropped(self) -> Frames {
        self.filter(|frame| matches!(frame.fate, Fate::Drop | Fate::Swallow))
    }

    /// Those that arrived twice.
    pub fn doubled(self) -> Frames {
        self.filter(|frame| frame.fate == Fate::Duplicate)
    }

    /// How many they are.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Each, with the time at which it was sent.
    pub fn iter(&self) -> impl Iterator<Item = &(Duration, FrameSeen)> {
        self.0.iter()
    }
}

/// Whether a frame is a program's, and not the runtime's own bookkeeping.
pub(super) fn is_of_programs(frame: &FrameSeen) -> bool {
    let known = match frame.kind {
        Kind::Cast | Kind::Call => true,
        Kind::Answer | Kind::NoAnswer => frame.message.is_some(),
        _ => false,
    };
    known
        && !frame
            .server
            .as_ref()
            .is_some_and(|server| server.starts_with('$'))
}
