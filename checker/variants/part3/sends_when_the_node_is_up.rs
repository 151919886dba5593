//! kind = "near-miss"
//! problem = 4
//! claim = "a restarted node gets its table from its peers"
//! about = "The table is sent when a node is up, at which time its cache may not be."

// ── file cache.rs
// ── gap 3: what the other may not know
let _ = member;
// ── end 3
// ── gap 4: a table is on its way
ctx.send_after(WAIT_FOR_TABLE, CacheMsg::GoOn(node.clone()));
let table = CacheMsg::Table(ctx.name().clone(), self.table.links());
tell(crate::protocol::CACHE.at(&node), table, ctx);
self.awaited.insert(node);
// ── end 4
