//! Calls by the checker, and what it means when there is no answer.

use std::time::Duration;

use runtime::system::{NODE, NodeMsg};
use runtime::{CallError, ExitReason, Reply, ServerName, wire};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::time::{Instant, sleep};

use super::{Cluster, Unmet};
use crate::scenario::{BARE_TODO, Stop, Told, unwritten};
use crate::verdict::place_of_panic;

/// How long what a crashed process wrote may be on its way to us, behind the news of the crash.
pub(super) const LAST_WORDS: Duration = Duration::from_millis(300);

/// A call of the checker that was not answered. In a story, `?` makes a verdict of it; while
/// something is waited for, it is one more reason to go on waiting, unless nothing can change.
#[derive(Debug)]
pub struct Unanswered {
    /// What the runtime says.
    pub error: CallError,
    node: String,
    seen: String,
    lasting: bool,
    stop: Box<Stop>,
}

impl std::fmt::Display for Unanswered {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.seen)
    }
}

impl Unanswered {
    /// The node that was asked.
    pub(super) fn node(&self) -> &str {
        &self.node
    }

    /// Whether asking again cannot help.
    pub(super) fn is_lasting(&self) -> bool {
        self.lasting
    }

    fn is_of_the_link(&self) -> bool {
        matches!(
            self.error,
            CallError::NotConnected(..) | CallError::NodeDown(_)
        )
    }
}

impl From<Unanswered> for Stop {
    fn from(unanswered: Unanswered) -> Self {
        *unanswered.stop
    }
}

impl From<Unanswered> for Unmet {
    fn from(unanswered: Unanswered) -> Self {
        if unanswered.lasting {
            Unmet::Never(*unanswered.stop)
        } else {
            Unmet::at(&unanswered.node, unanswered.seen)
        }
    }
}

impl Cluster<'_> {
    /// Asks a server of a node.
    ///
    /// # Errors
    /// [`Unanswered`], which `?` makes a verdict of.
    pub async fn call<M, T>(
        &self,
        node: &str,
        server: &ServerName<M>,
        message: impl FnOnce(Reply<T>) -> M,
    ) -> Result<T, Unanswered>
    where
        M: Serialize + Send + 'static,
        T: DeserializeOwned + Send + 'static,
    {
        self.call_within(self.options.patience, node, server, message)
            .await
    }

    /// Like [`call`](Self::call), with a time of its own.
    ///
    /// # Errors
    /// [`Unanswered`], which `?` makes a verdict of.
    pub async fn call_within<M, T>(
        &self,
        within: Duration,
        node: &str,
        server: &ServerName<M>,
        message: impl FnOnce(Reply<T>) -> M,
    ) -> Result<T, Unanswered>
    where
        M: Serialize + Send + 'static,
        T: DeserializeOwned + Send + 'static,
    {
        let to = server.at(self.name(node));
        let begun = Instant::now();
        let mut said = None;
        let kept = |reply| {
            let message = message(reply);
            said = wire::encode(&message).ok();
            message
        };
        let error = match self.manager.call_within(within, &to, kept).await {
            Ok(answer) => return Ok(answer),
            Err(error) => error,
        };
        let variant = said.and_then(|bytes| variant_of(&bytes));
        let question = Question {
            node,
            server: match server.as_str() {
                own if own.starts_with('$') => "runtime",
                theirs => theirs,
            },
            message: variant.as_deref().unwrap_or("?"),
            within,
        };
        let meaning = question.meaning(&error);
        let (seen, lasting) = (meaning.seen.clone(), meaning.is_lasting());
        let stop = match self.ailing_after(&error).await {
            Some(stop) => stop,
            None => match self.too_slow(begun, within) {
                Some(stop) if matches!(error, CallError::Timeout(_)) => stop,
                _ => self.stop_for(node, meaning).await,
            },
        };
        Err(Unanswered {
            error,
            node: node.to_owned(),
            seen,
            lasting,
            stop: Box::new(stop),
        })
    }

    /// Asks a node's own runtime, what may be asked twice. A connection to the manager that was
    /// lost, because ticks are short or the node was paused, is then simply opened again.
    pub(super) async fn ask_runtime<T>(
        &self,
        node: &str,
        message: impl Fn(Reply<T>) -> NodeMsg,
    ) -> Result<T, Unanswered>
    where
        T: DeserializeOwned + Send + 'static,
    {
        match self.call(node, &NODE, &message).await {
            Err(unanswered) if unanswered.is_of_the_link() => {
                self.call(node, &NODE, &message).await
            }
            asked => asked,
        }
    }

    /// Sends a message to a server of a node.
    ///
    /// # Errors
    /// A fault of the checker, when it could not be sent.
    pub async fn cast<M>(&self, node: &str, server: &ServerName<M>, message: M) -> Told
    where
        M: Serialize + Send + 'static,
    {
        let sent = self
            .manager
            .cast(&server.at(self.name(node)), message)
            .await;
        sent.map_err(|error| {
            Stop::fault(format!(
                "The checker could not send a message to {node}: {error}."
            ))
        })
    }

    /// A call that failed because a connection did is looked at twice: the node may have ended.
    async fn ailing_after(&self, error: &CallError) -> Option<Stop> {
        match error {
            CallError::NotConnected(..) | CallError::NodeDown(_) => self.ailing_soon().await,
            _ => self.healthy().await.err(),
        }
    }

    /// A gap as its node's panic names it, which knows the file and the line of one without a name.
    async fn placed(&self, gap: String) -> String {
        let begun = Instant::now();
        while gap == BARE_TODO && begun.elapsed() < LAST_WORDS {
            if let Some(placed) = self.unwritten_gap() {
                return placed;
            }
            sleep(Duration::from_millis(10)).await;
        }
        gap
    }

    pub(super) async fn stop_for(&self, node: &str, meaning: Meaning) -> Stop {
        match meaning.kind {
            MeaningKind::NotWritten(gap) => Stop::not_written(self.placed(gap).await),
            MeaningKind::Fault => Stop::fault(sentence(meaning.seen)),
            MeaningKind::Inconclusive => Stop::inconclusive(sentence(meaning.seen)),
            MeaningKind::Failure {
                expected,
                why,
                crash,
            } => {
                let mut failure = self.failed(meaning.seen, expected).because(why);
                if let Ok(child) = self.child(node) {
                    let begun = Instant::now();
                    let mut stderr = child.last_stderr_lines(20);
                    while crash && begun.elapsed() < LAST_WORDS {
                        if place_of_panic(&stderr).is_some() {
                            break;
                        }
                        sleep(Duration::from_millis(10)).await;
                        stderr = child.last_stderr_lines(20);
                    }
                    failure = failure.stderr(node, stderr);
                }
                failure.into()
            }
        }
    }
}

/// What was asked.
struct Question<'a> {
    node: &'a str,
    server: &'a str,
    message: &'a str,
    within: Duration,
}

/// What it says about the learner's program that there was no answer.
pub(super) struct Meaning {
    pub(super) seen: String,
    pub(super) kind: MeaningKind,
}

pub(super) enum MeaningKind {
    NotWritten(String),
    Failure {
        expected: String,
        why: &'static str,
        crash: bool,
    },
    Inconclusive,
    Fault,
}

impl Meaning {
    /// Whether asking again cannot help.
    pub(super) fn is_lasting(&self) -> bool {
        match &self.kind {
            MeaningKind::NotWritten(_) | MeaningKind::Fault => true,
            MeaningKind::Failure { why, .. } => *why == UNDERSTOOD,
            MeaningKind::Inconclusive => false,
        }
    }
}

const UNDERSTOOD: &str = "The checker sends the messages that are marked as graded in protocol.rs, exactly as they were given.";

impl Question<'_> {
    /// The one place where call errors become verdicts.
    fn meaning(&self, error: &CallError) -> Meaning {
        let Question {
            node,
            server,
            message,
            within,
        } = self;
        let seconds = within.as_secs_f32();
        let failure = |seen: String, expected: String, why| Meaning {
            seen,
            kind: MeaningKind::Failure {
                expected,
                why,
                crash: false,
            },
        };
        let answered = format!("{node}'s {server} answers `{message}`");
        match error {
            CallError::Exited(ExitReason::NotWritten(what)) => Meaning {
                seen: format!("{node}'s {server} reached code that is not written yet: {what}"),
                kind: MeaningKind::NotWritten(gap(what)),
            },
            CallError::Exited(reason @ (ExitReason::Crashed(_) | ExitReason::Failed(_))) => {
                Meaning {
                    seen: format!("{node}'s {server} did not survive `{message}`: {reason}"),
                    kind: MeaningKind::Failure {
                        expected: answered,
                        why: "The caller gets no answer from a process that ends.",
                        crash: true,
                    },
                }
            }
            CallError::Exited(reason) => failure(
                format!("{node}'s {server} ended before it answered `{message}`: {reason}"),
                answered,
                "The caller gets no answer from a process that ends.",
            ),
            CallError::NoProcess(_) => failure(
                format!("{node} runs no server called `{server}`"),
                format!("each node runs a server called `{server}`"),
                "Messages find a server by its name; its supervisor should restart it when it crashes.",
            ),
            CallError::NotUnderstood(why) => failure(
                format!("{node}'s {server} no longer understands `{message}`: {why}"),
                format!("the server understands `{message}` as the course defines it"),
                UNDERSTOOD,
            ),
            CallError::BadAnswer(why) => failure(
                format!(
                    "{node}'s {server} answered `{message}` with a value that is not a valid answer: {why}"
                ),
                format!("the answer to `{message}` has the type that the course defines"),
                UNDERSTOOD,
            ),
            CallError::NoReply => failure(
                format!(
                    "{node}'s {server} handled `{message}` and dropped its `Reply` without an answer"
                ),
                answered,
                "The caller is waiting. A server may keep a Reply and answer later, but must not forget it.",
            ),
            CallError::Timeout(_) if *server == "runtime" => failure(
                format!("{node}'s runtime did not answer `{message}` within {seconds} s"),
                format!("{node}'s runtime answers at any time"),
                "A node has few threads. A loop without an `await`, or a call that blocks its thread, such as \
                 std::thread::sleep, keeps everything else on that node from running.",
            ),
            CallError::Timeout(_) => failure(
                format!("{node}'s {server} did not answer `{message}` within {seconds} s"),
                answered,
                "A server handles one message at a time: while it waits, every other caller waits for it.",
            ),
            CallError::NotConnected(_, why) => Meaning {
                seen: format!("the checker could not reach {node}: {why}"),
                kind: MeaningKind::Inconclusive,
            },
            CallError::NodeDown(_) => Meaning {
                seen: format!("the checker lost its connection to {node}"),
                kind: MeaningKind::Inconclusive,
            },
            CallError::Unsendable(_) | CallError::Stopped => Meaning {
                seen: format!("the checker could not ask {node}: {error}"),
                kind: MeaningKind::Fault,
            },
            #[allow(
                unreachable_patterns,
                reason = "the runtime may learn to tell more errors apart"
            )]
            other => Meaning {
                seen: format!("{node} gave no answer: {other}"),
                kind: MeaningKind::Inconclusive,
            },
        }
    }
}

/// `TODO(2)` of "TODO(2) ask everyone".
fn gap(what: &str) -> String {
    unwritten(&[format!("not yet implemented: {what}")]).unwrap_or_else(|| what.to_owned())
}

fn sentence(text: String) -> String {
    let mut letters = text.chars();
    match letters.next() {
        Some(first) => format!("{}{}.", first.to_uppercase(), letters.as_str()),
        None => text,
    }
}

/// The name of the variant of a message that was encoded.
fn variant_of(bytes: &[u8]) -> Option<String> {
    match wire::decode::<ciborium::Value>(bytes).ok()? {
        ciborium::Value::Text(name) => Some(name),
        ciborium::Value::Map(map) => map.into_iter().next()?.0.into_text().ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(error: &CallError, expected: &str, lasting: bool) {
        let question = Question {
            node: "n1",
            server: "consumer",
            message: "TotalPings",
            within: Duration::from_millis(2500),
        };
        let meaning = question.meaning(error);
        assert_eq!(
            (meaning.seen.as_str(), meaning.is_lasting()),
            (expected, lasting)
        );
    }

    #[test]
    fn each_call_error_is_told_in_words_for_learners() {
        let node = super::super::full_name("n1");
        check(
            &CallError::Timeout(node.clone()),
            "n1's consumer did not answer `TotalPings` within 2.5 s",
            false,
        );
        check(
            &CallError::NoProcess(node),
            "n1 runs no server called `consumer`",
            false,
        );
        check(
            &CallError::NotUnderstood("unknown variant".into()),
            "n1's consumer no longer understands `TotalPings`: unknown variant",
            true,
        );
        check(
            &CallError::Exited(ExitReason::Crashed("index out of bounds".into())),
            "n1's consumer did not survive `TotalPings`: it crashed: index out of bounds",
            false,
        );
    }

    #[test]
    fn gap_that_is_not_written_is_named() {
        assert_eq!(gap("TODO(2) ask everyone"), "TODO(2)");
        assert_eq!(gap("todo!()"), BARE_TODO);
    }
}
