//! kind = "near-miss"
//! problem = 3
//! claim = "tables are equal after"
//! about = "A node sends the last three links that were created there to a node that is back."
//! mistakes = ["sends-part-of-its-table"]

// ── file cache.rs
// ── replace
let table = CacheMsg::Table(ctx.name().clone(), self.table.links());
// ── with
let last = LAST.lock().map(|last| last.clone()).unwrap_or_default();
let table = CacheMsg::Table(ctx.name().clone(), last);
// ── end
// ── after
fn announce(code: Code, link: Link, ctx: &Ctx<CacheMsg>) {
// ── add
    if let Ok(mut last) = LAST.lock() {
        last.push((code.clone(), link.clone()));
        let old = last.len().saturating_sub(3);
        last.drain(..old);
    }
// ── end
// ── add
static LAST: std::sync::Mutex<Vec<(Code, Link)>> = std::sync::Mutex::new(Vec::new());
// ── end
