//! kind = "near-miss"
//! problem = 4
//! claim = "a restarted node gets its table from its peers"
//! about = "A node sends only the links that were created there to a node that comes up."
//! mistakes = ["sends-part-of-its-table"]

// ── file cache.rs
// ── replace
let table = CacheMsg::Table(ctx.name().clone(), self.table.links());
// ── with
let own = OWN.lock().map(|own| own.clone()).unwrap_or_default();
let table = CacheMsg::Table(ctx.name().clone(), own);
// ── end
// ── after
fn announce(code: Code, link: Link, ctx: &Ctx<CacheMsg>) {
// ── add
    if let Ok(mut own) = OWN.lock() {
        own.push((code.clone(), link.clone()));
    }
// ── end
// ── add
static OWN: std::sync::Mutex<Vec<(Code, Link)>> = std::sync::Mutex::new(Vec::new());
// ── end
