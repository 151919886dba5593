//! kind = "near-miss"
//! problem = 2
//! claim = "a link created on one node is in the tables of all"
//! about = "Only the first of the others is told, which tells nobody."
//! mistakes = ["does-not-tell-all"]

// ── file cache.rs
// ── gap 2: tell all the others
let members = ctx.groups().members(&CACHES);
if let Some(member) = members.into_iter().find(|member| member.node() != ctx.name()) {
    tell(member, CacheMsg::Learn(code, link), ctx);
}
// ── end 2
