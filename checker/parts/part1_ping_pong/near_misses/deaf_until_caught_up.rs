//! kind = "near-miss"
//! problem = 4
//! claim = "nodes are cut off, silent, late, killed and restarted"
//! about = "Pings of a node that has come back are ignored until its count has been asked for, so one that overtakes the answer is lost."

// ── file protocol.rs
// ── after
    TotalPings(Reply<u64>),
// ── add
    /// To itself: the producer of node `from` was asked for its count.
    CaughtUp {
        /// The producer's node.
        from: NodeName,
        /// Its count, or 0 if it gave none.
        count: u64,
    },
// ── end

// ── file consumer.rs
// ── replace
use std::collections::BTreeMap;
// ── with
use std::collections::{BTreeMap, BTreeSet};
// ── end
// ── replace
pub struct Consumer {
    counts: BTreeMap<NodeName, u64>,
}
// ── with
pub struct Consumer {
    counts: BTreeMap<NodeName, u64>,
    /// The nodes that went down, and whose counts we have not caught up with since.
    away: BTreeSet<NodeName>,
}
// ── end
// ── replace
        Consumer { counts }
// ── with
        Consumer {
            counts,
            away: BTreeSet::new(),
        }
// ── end
// ── replace
            ConsumerMsg::Ping { from, count } => {
                let latest = self.counts.entry(from).or_default();
// ── with
            ConsumerMsg::CaughtUp { from, count } => {
                self.away.remove(&from);
                let latest = self.counts.entry(from).or_default();
                *latest = count.max(*latest);
            }
            ConsumerMsg::Ping { from, count } => {
                // It may be an old one, from before the split; the answer will be right.
                if self.away.contains(&from) {
                    return;
                }
                let latest = self.counts.entry(from).or_default();
// ── end
// ── replace
            Info::NodeUp(node) => catch_up(node, ctx),
// ── with
            Info::NodeUp(node) => catch_up(node, ctx),
            Info::NodeDown(node) => {
                self.away.insert(node);
            }
// ── end
// ── replace
                Ok(count) => return me.send_self(ConsumerMsg::Ping { from: node, count }),
                Err(CallError::Timeout(_)) => continue,
                Err(_) => return,
// ── with
                Ok(count) => return me.send_self(ConsumerMsg::CaughtUp { from: node, count }),
                Err(CallError::Timeout(_)) => continue,
                Err(_) => {
                    return me.send_self(ConsumerMsg::CaughtUp {
                        from: node,
                        count: 0,
                    });
                }
// ── end
