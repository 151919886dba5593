//! kind = "near-miss"
//! problem = 2
//! claim = "questions to everyone while nodes are paused, killed, cut off and slow"
//! about = "A node whose connection is lost while it is asked is left out of the answer, as if it had not been connected when the question arrived."

// ── file producer.rs
// ── replace
use runtime::{Ctx, NodeName, Server};
// ── with
use runtime::{CallError, Ctx, NodeName, Server};
// ── end
// ── replace
                        .map(|(node, why)| (node, why.to_string()))
// ── with
                        // Who is gone by now is no longer one of us.
                        .filter(|(_, why)| {
                            !matches!(why, CallError::NodeDown(_) | CallError::NotConnected(..))
                        })
                        .map(|(node, why)| (node, why.to_string()))
// ── end
