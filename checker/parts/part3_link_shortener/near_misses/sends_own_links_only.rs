//! kind = "near-miss"
//! problem = 4
//! claim = "a restarted node gets its table from its peers"
//! about = "A node sends only the links that were created there to a node that comes up."
//! mistakes = ["sends-part-of-its-table"]

// ── file cache.rs
// ── replace
let table = CacheMsg::Table(ctx.name().clone(), self.table.links());
// ── with
let table = CacheMsg::Table(ctx.name().clone(), self.own.clone());
// ── end
// ── replace
CacheMsg::Announce(code, link) => announce(code, link, ctx),
// ── with
CacheMsg::Announce(code, link) => {
    self.own.push((code.clone(), link.clone()));
    announce(code, link, ctx);
}
// ── end
// ── after
held: Vec<(Code, Reply<Result<Link, Refusal>>)>,
// ── add
own: Vec<(Code, Link)>,
// ── end
// ── after
held: Vec::new(),
// ── add
own: Vec::new(),
// ── end
