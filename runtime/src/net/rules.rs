//! Faults on single messages: which message is meant, and what happens to it.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use ciborium::Value;

use super::record::{Kind, RuleId};
use super::sighting::Sighting;
use crate::name::NodeName;
use crate::wire;

/// Which messages a rule is about. Everything that is given must fit.
#[derive(Clone, Default)]
pub struct Pattern {
    /// Casts, calls, answers, or any of them.
    pub kind: PatternKind,
    /// The name of the server that gets the message, or whose answer it is.
    pub server: Option<String>,
    /// The variant of the message (`"SendPing"`); for an answer, of the message it answers.
    pub message: Option<String>,
    /// A closer look at the message, or at the value of the answer.
    pub matching: Option<Arc<Matching>>,
}

/// A closer look at a message.
pub type Matching = dyn Fn(&Value) -> bool + Send + Sync;

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Pattern {
            kind,
            server,
            message,
            matching,
        } = self;
        write!(
            f,
            "{kind:?} {} {}",
            server.as_deref().unwrap_or("*"),
            message.as_deref().unwrap_or("*")
        )?;
        if matching.is_some() {
            f.write_str(" if …")
        } else {
            Ok(())
        }
    }
}

/// Kinds of messages that rules tell apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PatternKind {
    /// Messages without an answer.
    Cast,
    /// Messages with an answer.
    Call,
    /// Answers, and the news that a call has none.
    Answer,
    /// All of these.
    #[default]
    Any,
}

/// What a rule does to a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// It never arrives.
    Drop,
    /// It arrives twice.
    Duplicate,
    /// It waits until the rule is released, while what follows it passes by.
    Hold,
}

/// A fault on single messages: "drop the third `Finished` from n2".
#[derive(Clone, Debug)]
pub struct Rule {
    /// Only what this node sends.
    pub from: Option<NodeName>,
    /// Only what this node gets.
    pub to: Option<NodeName>,
    /// Which messages.
    pub pattern: Pattern,
    /// How many of them pass before the rule acts.
    pub skip: usize,
    /// How often it then acts.
    pub times: usize,
    /// How likely it is to act on a message, from 0 to 1; drawn from the table's seed.
    pub chance: f64,
    /// What it does.
    pub action: Action,
}

impl Rule {
    /// Acts once, on the first message of any kind between any nodes; narrow it down.
    pub fn new(action: Action) -> Self {
        Rule {
            from: None,
            to: None,
            pattern: Pattern::default(),
            skip: 0,
            times: 1,
            chance: 1.0,
            action,
        }
    }

    /// Only what this node sends.
    #[must_use]
    pub fn from(self, node: &NodeName) -> Self {
        Rule {
            from: Some(node.clone()),
            ..self
        }
    }

    /// Only what this node gets.
    #[must_use]
    pub fn to(self, node: &NodeName) -> Self {
        Rule {
            to: Some(node.clone()),
            ..self
        }
    }

    /// Only this kind.
    #[must_use]
    pub fn kind(mut self, kind: PatternKind) -> Self {
        self.pattern.kind = kind;
        self
    }

    /// Only to (or answers of) the server of this name.
    #[must_use]
    pub fn server(mut self, name: &str) -> Self {
        self.pattern.server = Some(name.into());
        self
    }

    /// Only this variant of a message, or answers to it.
    #[must_use]
    pub fn message(mut self, variant: &str) -> Self {
        self.pattern.message = Some(variant.into());
        self
    }

    /// Only what passes this closer look.
    #[must_use]
    pub fn matching(mut self, look: impl Fn(&Value) -> bool + Send + Sync + 'static) -> Self {
        self.pattern.matching = Some(Arc::new(look));
        self
    }

    /// Lets so many pass before it acts.
    #[must_use]
    pub fn skip(self, messages: usize) -> Self {
        Rule {
            skip: messages,
            ..self
        }
    }

    /// Acts so often; `usize::MAX` is "always".
    #[must_use]
    pub fn times(self, messages: usize) -> Self {
        Rule {
            times: messages,
            ..self
        }
    }

    /// Acts on a message only with this likelihood, from 0 to 1.
    #[must_use]
    pub fn chance(self, chance: f64) -> Self {
        Rule { chance, ..self }
    }

    pub(super) fn is_about(&self, from: &NodeName, to: &NodeName, seen: &Sighting) -> bool {
        let kind = match self.pattern.kind {
            PatternKind::Cast => seen.kind == Kind::Cast,
            PatternKind::Call => seen.kind == Kind::Call,
            PatternKind::Answer => matches!(seen.kind, Kind::Answer | Kind::NoAnswer),
            PatternKind::Any => true,
        };
        kind && self.from.as_ref().is_none_or(|node| node == from)
            && self.to.as_ref().is_none_or(|node| node == to)
            && self
                .pattern
                .server
                .as_ref()
                .is_none_or(|name| seen.server.as_ref() == Some(name))
            && self
                .pattern
                .message
                .as_ref()
                .is_none_or(|name| seen.message.as_ref() == Some(name))
            && self
                .pattern
                .matching
                .as_ref()
                .is_none_or(|look| wire::decode(&seen.payload).is_ok_and(|value| look(&value)))
    }
}

/// Frames that rules hold back, whatever a network needs to keep of each.
#[derive(Debug)]
pub struct Held<T> {
    frames: BTreeMap<RuleId, Vec<T>>,
}

/// In which order held frames go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Order {
    /// As they came.
    AsHeld,
    /// The last one first.
    Reversed,
    /// As given: `[2, 0]` lets the third one go, then the first, and then those not named.
    Chosen(Vec<usize>),
}

impl<T> Default for Held<T> {
    fn default() -> Self {
        Held {
            frames: BTreeMap::new(),
        }
    }
}

impl<T> Held<T> {
    /// Keeps a frame for a rule.
    pub fn keep(&mut self, rule: RuleId, frame: T) {
        self.frames.entry(rule).or_default().push(frame);
    }

    /// How many frames a rule holds.
    pub fn count(&self, rule: RuleId) -> usize {
        self.frames.get(&rule).map_or(0, Vec::len)
    }

    /// Gives back what a rule held, in the order in which it goes on.
    pub fn release(&mut self, rule: RuleId, order: &Order) -> Vec<T> {
        let held = self.frames.remove(&rule).unwrap_or_default();
        match order {
            Order::AsHeld => held,
            Order::Reversed => held.into_iter().rev().collect(),
            Order::Chosen(chosen) => {
                let mut rest: BTreeMap<usize, T> = held.into_iter().enumerate().collect();
                let mut released: Vec<T> = chosen
                    .iter()
                    .filter_map(|index| rest.remove(index))
                    .collect();
                released.extend(rest.into_values());
                released
            }
        }
    }
}
