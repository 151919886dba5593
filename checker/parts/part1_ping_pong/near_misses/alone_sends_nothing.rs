//! kind = "near-miss"
//! problem = 1
//! claim = "pings in any order, repeated, held back, and beside paused nodes"
//! about = "A node that is connected to no other sends no ping at all, so its own consumer does not count it."

// ── file producer.rs
// ── replace
                let ping = ConsumerMsg::Ping {
                    from: ctx.name().clone(),
                    count: self.count,
                };
                let _ = ctx.abcast(&CONSUMER, ping).await;
// ── with
                if !ctx.list().is_empty() {
                    let ping = ConsumerMsg::Ping {
                        from: ctx.name().clone(),
                        count: self.count,
                    };
                    let _ = ctx.abcast(&CONSUMER, ping).await;
                }
// ── end
