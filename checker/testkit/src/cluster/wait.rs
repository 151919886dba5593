//! Waiting for what must become true, and watching what must stay true.

use std::time::Duration;

use serde::Serialize;
use serde_json::Value;
use tokio::time::{Instant, sleep, timeout};

use super::{Cluster, LOOK};
use crate::scenario::{Stop, Told};
use crate::trace::data;

/// How long the last look may take beyond the time that was given.
const LAST_LOOK: Duration = Duration::from_secs(1);

/// A claim that does not hold at the moment.
#[derive(Debug)]
pub enum Unmet {
    /// It may hold later.
    NotYet {
        /// The node that is to blame, if one is.
        node: Option<String>,
        /// What was seen instead: "n2 shows 2 for n1".
        seen: String,
        /// The same as data: a value of the part's own type.
        fact: Option<Value>,
    },
    /// It cannot hold any more.
    Never(Stop),
}

impl Unmet {
    /// What was seen at a node instead of what was claimed.
    pub fn at(node: &str, seen: impl Into<String>) -> Unmet {
        Unmet::NotYet {
            node: Some(node.to_owned()),
            seen: seen.into(),
            fact: None,
        }
    }

    /// Says what was seen as data as well.
    pub fn fact(mut self, is: &impl Serialize) -> Unmet {
        if let Unmet::NotYet { fact, .. } = &mut self {
            *fact = Some(data(is));
        }
        self
    }
}

impl From<String> for Unmet {
    fn from(seen: String) -> Self {
        Unmet::NotYet {
            node: None,
            seen,
            fact: None,
        }
    }
}

impl From<&str> for Unmet {
    fn from(seen: &str) -> Self {
        seen.to_owned().into()
    }
}

impl From<Stop> for Unmet {
    fn from(stop: Stop) -> Self {
        Unmet::Never(stop)
    }
}

impl Cluster<'_> {
    /// Waits until a claim holds, looking about fifty times a second. `expected` is the claim in
    /// words: "every consumer shows 3 for n1".
    ///
    /// # Errors
    /// A failure with what was seen last, when the timeout expires. Inconclusive, when the machine
    /// hung for a good part of it.
    pub async fn eventually<F>(
        &self,
        within: Duration,
        expected: impl Into<String>,
        mut claim: F,
    ) -> Told
    where
        F: AsyncFnMut() -> Result<(), Unmet>,
    {
        let begun = Instant::now();
        let mut last = (None, "no answer came".to_owned(), None);
        loop {
            let left = within.saturating_sub(begun.elapsed());
            match timeout(left + LAST_LOOK, claim()).await {
                Ok(Ok(())) => return Ok(()),
                Ok(Err(Unmet::Never(stop))) => return Err(stop),
                Ok(Err(Unmet::NotYet { node, seen, fact })) => last = (node, seen, fact),
                Err(_) => {}
            }
            if begun.elapsed() >= within {
                break;
            }
            self.healthy().await?;
            sleep(LOOK).await;
        }
        self.healthy().await?;
        if let Some(stop) = self.too_slow(begun, within) {
            return Err(stop);
        }
        let (node, seen, fact) = last;
        let seen = if seen.contains(" within ") {
            seen
        } else {
            format!("{seen}, even after {} s", seconds(within))
        };
        Err(self.blamed(node.as_deref(), seen, fact, expected.into()))
    }

    /// Watches that a claim holds for some time, looking about fifty times a second. For what
    /// must *not* happen, [`quiesce`](Self::quiesce) and one look prove more.
    ///
    /// # Errors
    /// A failure as soon as it does not hold.
    pub async fn throughout<F>(
        &self,
        time: Duration,
        expected: impl Into<String>,
        mut claim: F,
    ) -> Told
    where
        F: AsyncFnMut() -> Result<(), Unmet>,
    {
        let begun = Instant::now();
        while begun.elapsed() < time {
            match claim().await {
                Ok(()) => {}
                Err(Unmet::Never(stop)) => return Err(stop),
                Err(Unmet::NotYet { node, seen, fact }) => {
                    self.healthy().await?;
                    return Err(self.blamed(node.as_deref(), seen, fact, expected.into()));
                }
            }
            self.healthy().await?;
            sleep(LOOK).await;
        }
        Ok(())
    }

    fn blamed(
        &self,
        node: Option<&str>,
        seen: String,
        fact: Option<Value>,
        expected: String,
    ) -> Stop {
        let mut failure = self.failed(seen, expected);
        failure.fact = fact;
        failure.node = node.map(str::to_owned);
        if let Some(node) = node
            && let Ok(child) = self.child(node)
        {
            failure = failure.stderr(node, child.last_stderr_lines(20));
        }
        failure.into()
    }
}

/// `3`, `0.5`: seconds as people write them.
fn seconds(time: Duration) -> String {
    let text = format!("{:.2}", time.as_secs_f64());
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
