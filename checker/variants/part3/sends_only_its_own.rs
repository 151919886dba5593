//! kind = "near-miss"
//! problem = 4
//! claim = "a restarted node gets its table from its peers"
//! about = "Who comes up is sent the links that were created on the sender."
//! mistakes = ["sends-part-of-its-table"]

// ── file cache.rs
// ── gap 3: what the other may not know
if member.node() != ctx.name() {
    let own = OWN.lock().map(|own| own.clone()).unwrap_or_default();
    let table = CacheMsg::Table(ctx.name().clone(), own);
    tell(member.clone(), table, ctx);
}
// ── end 3
// ── gap 2: tell all the others
if let Ok(mut own) = OWN.lock() {
    own.push((code.clone(), link.clone()));
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
static OWN: std::sync::Mutex<Vec<(Code, Link)>> = std::sync::Mutex::new(Vec::new());

const WAIT_FOR_TABLE: Duration = Duration::from_millis(150);
// ── end 4
