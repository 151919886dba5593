//! kind = "near-miss"
//! problem = 6
//! claim = "and the loser stands by"
//! about = "Only the node with the smallest name of those that it sees registers its process and sweeps; the name stays with whoever had it."

// ── file sweeper.rs
// ── gap 6: one sweeper for all who are connected
let is_mine = match ctx.global().whereis(&THE_SWEEPER) {
    Some(_) => ctx.list().iter().all(|other| ctx.name() < other),
    None if ctx.list().iter().any(|other| other < ctx.name()) => false,
    None => {
        let (name, global) = (THE_SWEEPER, ctx.global());
        let registered = global.register_with(&name, ctx.me(), Resolver::Notify);
        registered.await.is_ok()
    }
};
// ── end 6
