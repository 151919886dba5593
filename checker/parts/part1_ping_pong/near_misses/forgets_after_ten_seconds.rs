//! kind = "near-miss"
//! problem = 4
//! claim = "nodes are cut off, silent, late, killed and restarted"
//! about = "The count of a node that has been away for ten seconds is dropped, so a longer split does not keep it."
//! mistakes = ["forgets-who-is-down"]

// ── file protocol.rs
// ── after
    TotalPings(Reply<u64>),
// ── add
    /// To itself: that node went down some time ago.
    Gone(NodeName),
// ── end

// ── file consumer.rs
// ── replace
            ConsumerMsg::Counts(reply) => reply.send(self.counts.clone()),
// ── with
            ConsumerMsg::Gone(node) => {
                if !ctx.list().contains(&node) {
                    self.counts.remove(&node);
                }
            }
            ConsumerMsg::Counts(reply) => reply.send(self.counts.clone()),
// ── end
// ── replace
            Info::NodeUp(node) => catch_up(node, ctx),
// ── with
            Info::NodeUp(node) => catch_up(node, ctx),
            // Nodes that never come back must not fill our memory.
            Info::NodeDown(node) => {
                ctx.send_after(std::time::Duration::from_secs(10), ConsumerMsg::Gone(node));
            }
// ── end
