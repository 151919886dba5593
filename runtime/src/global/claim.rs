//! How a node gets all others to grant it a global name.

use std::collections::BTreeSet;
use std::time::Duration;

use rand::RngExt;
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, sleep};

use super::{GLOBAL, GlobalMsg, RegisterError};
use crate::ctx::Ctx;
use crate::error::CallError;
use crate::name::NodeName;
use crate::process_id::ProcessId;

/// How long a claimant that came second waits before it tries again, in milliseconds.
const PAUSE: std::ops::RangeInclusive<u64> = 5..=25;

/// A node's answer to another node that claims a name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Verdict {
    /// The name is free, and until you are done, I grant it to no other node.
    Granted,
    /// This process has it.
    Taken(ProcessId),
    /// Another process is about to get it: ask again.
    Busy,
}

/// Claims a name everywhere, again and again until all have granted it or one knows its owner.
pub(super) async fn everywhere(
    ctx: &Ctx<GlobalMsg>,
    name: &str,
    attempt: u64,
) -> Result<(), RegisterError> {
    let deadline = Instant::now() + ctx.config().call_timeout;
    loop {
        match round(ctx, name, attempt).await {
            Err(RegisterError::Contended) if Instant::now() < deadline => {
                release(ctx, name, attempt);
                let pause = ctx.inner().rng.lock().unwrap().random_range(PAUSE);
                sleep(Duration::from_millis(pause)).await;
            }
            outcome => return outcome,
        }
    }
}

/// Gives back what was granted, wherever it was.
pub(super) fn release(ctx: &Ctx<GlobalMsg>, name: &str, attempt: u64) {
    let release = || GlobalMsg::Release(name.to_owned(), ctx.name().clone(), attempt);
    ctx.cast_linked(ctx.name(), &GLOBAL, release());
    ctx.cast_all_linked(&GLOBAL, &release());
}

/// The connected nodes that take part.
pub(super) fn others(ctx: &Ctx<GlobalMsg>) -> Vec<NodeName> {
    if ctx.config().hidden {
        Vec::new()
    } else {
        ctx.list()
    }
}

/// Claims a name once at each node, in the order of their names, until none is left to ask: a
/// node that comes up meanwhile is asked too.
async fn round(ctx: &Ctx<GlobalMsg>, name: &str, attempt: u64) -> Result<(), RegisterError> {
    let mut granted = BTreeSet::new();
    loop {
        let mut all: BTreeSet<NodeName> = others(ctx).into_iter().collect();
        all.insert(ctx.name().clone());
        let Some(next) = all.difference(&granted).next().cloned() else {
            return Ok(());
        };
        let (by, claimed) = (ctx.name().clone(), name.to_owned());
        let msg = |reply| GlobalMsg::Claim {
            name: claimed,
            by,
            attempt,
            reply,
        };
        match ctx.call_linked(&next, &GLOBAL, msg).await {
            Ok(Verdict::Granted) => drop(granted.insert(next)),
            Ok(Verdict::Taken(by)) => return Err(RegisterError::Taken(by.address())),
            Ok(Verdict::Busy) => return Err(RegisterError::Contended),
            // It is no longer among the others, or will be asked again.
            Err(CallError::NodeDown(_)) => {}
            Err(error) => return Err(RegisterError::NoAnswer(next, error.to_string())),
        }
    }
}
