//! kind = "right"
//! about = "Of two sweepers that meet both are killed; started again, they try again."

// ── file sweeper.rs
// ── gap 6: one sweeper for all who are connected
let is_mine = match ctx.global().whereis(&THE_SWEEPER) {
    Some(sweeper) => sweeper == *ctx.me(),
    None => {
        let (name, global) = (THE_SWEEPER, ctx.global());
        let registered = global.register_with(&name, ctx.me(), Resolver::KillBoth);
        registered.await.is_ok()
    }
};
// ── end 6
