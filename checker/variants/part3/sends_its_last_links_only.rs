//! kind = "near-miss"
//! problem = 3
//! claim = "after it their tables meet"
//! about = "Who is back is sent the last three links that were created."
//! mistakes = ["sends-part-of-its-table"]

// ── file cache.rs
// ── gap 3: what the other may not know
if member.node() != ctx.name() {
    let last = LAST.lock().map(|last| last.clone()).unwrap_or_default();
    let table = CacheMsg::Table(ctx.name().clone(), last);
    tell(member.clone(), table, ctx);
}
// ── end 3
// ── gap 2: tell all the others
if let Ok(mut last) = LAST.lock() {
    last.push((code.clone(), link.clone()));
    let old = last.len().saturating_sub(3);
    last.drain(..old);
}
for member in ctx.groups().members(&CACHES) {
    if member.node() != ctx.name() {
        tell(member, CacheMsg::Learn(code.clone(), link.clone()), ctx);
    }
}
// ── end 2
// ── gap 4: how long to wait
/// How long look-ups wait for the table of a node that has just come up. With the time that the
/// store may take, less than the second within which a client wants to hear something.
static LAST: std::sync::Mutex<Vec<(Code, Link)>> = std::sync::Mutex::new(Vec::new());

const WAIT_FOR_TABLE: Duration = Duration::from_millis(150);
// ── end 4
