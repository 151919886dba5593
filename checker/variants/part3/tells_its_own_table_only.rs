//! kind = "near-miss"
//! problem = 6
//! claim = "the sweeper tells the tables"
//! about = "The sweeper tells the table of its own node what is gone."
//! mistakes = ["does-not-tell-the-tables"]

// ── file sweeper.rs
// ── gap 6: tell the tables
/// Tells all caches that a link is gone. Who does not hear it does not follow the link either, as
/// it knows when the link ends; it only keeps what nobody needs.
async fn tell_tables(code: &Code, link: &Link, ctx: &Ctx<SweeperMsg>) {
    for cache in ctx.groups().local_members(&CACHES) {
        let forget = CacheMsg::Forget(code.clone(), link.clone());
        let _ = ctx.cast(&cache, forget).await;
    }
}
// ── end 6
