//! kind = "near-miss"
//! problem = 6
//! claim = "one process sweeps: the one that has the name"
//! about = "All sweep, as soon as one of them has the name."
//! mistakes = ["sweeps-without-the-name"]

// ── file sweeper.rs
// ── gap 6: one sweeper for all who are connected
let is_mine = match ctx.global().whereis(&THE_SWEEPER) {
    Some(_) => true,
    None => {
        let (name, global) = (THE_SWEEPER, ctx.global());
        let registered = global.register_with(&name, ctx.me(), Resolver::Notify);
        registered.await.is_ok()
    }
};
// ── end 6
