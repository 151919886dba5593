//! kind = "near-miss"
//! problem = 6
//! claim = "views while nodes are cut off, silent, paused and late, and messages are lost"
//! about = "When two nodes meet, only the one with the smaller name sends what it knows, and the other answers only if that was news to it."

// ── file counters.rs
// ── replace
            Info::Group(GroupChange::Joined(_, member)) => self.meet(&member.address(), ctx),
// ── with
            Info::Group(GroupChange::Joined(_, member)) => {
                if *ctx.name() < member.node {
                    self.meet(&member.address(), ctx);
                }
            }
// ── end
