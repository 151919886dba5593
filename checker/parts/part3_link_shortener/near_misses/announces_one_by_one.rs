//! kind = "near-miss"
//! problem = 2
//! claim = "a paused node does not keep the other nodes from learning"
//! about = "The cache waits for the receipt of each node before it sends to the next one, and of each link before the next link."
//! mistakes = ["tells-one-after-another"]

// ── file cache.rs
// ── replace
CacheMsg::Announce(code, link) => announce(code, link, ctx),
// ── with
CacheMsg::Announce(code, link) => announce(code, link, ctx).await,
CacheMsg::Told(code, link, reply) => reply.send(self.table.put(code, link)),
// ── end
// ── replace
fn announce(code: Code, link: Link, ctx: &Ctx<CacheMsg>) {
// ── with
async fn announce(code: Code, link: Link, ctx: &Ctx<CacheMsg>) {
// ── end
// ── replace
send_to(member, CacheMsg::Learn(code.clone(), link.clone()), ctx);
// ── with
let told = |reply| CacheMsg::Told(code.clone(), link.clone(), reply);
let _ = ctx.call(&member, told).await;
// ── end
// ── file protocol.rs
// ── after
Forget(Code, Link),
// ── add
Told(Code, Link, Reply<()>),
// ── end
