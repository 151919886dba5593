//! kind = "near-miss"
//! problem = 4
//! claim = "a late node whose peers are silent"
//! about = "A lookup waits for the table of a connected node, however long it takes."

// ── file cache.rs
// ── replace
ctx.send_after(TABLE_TIMEOUT, CacheMsg::StopWaiting(node.clone()));
// ── with
// ── end
