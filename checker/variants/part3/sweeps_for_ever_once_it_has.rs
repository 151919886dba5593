//! kind = "near-miss"
//! problem = 6
//! claim = "after the heal only one process sweeps"
//! about = "Who has once got the name sweeps from then on, also when it has lost it."
//! mistakes = ["sweeps-without-the-name"]

// ── file sweeper.rs
// ── gap 6: one sweeper for all who are connected
static HAD_IT: std::sync::Once = std::sync::Once::new();
let is_mine = match ctx.global().whereis(&THE_SWEEPER) {
    Some(sweeper) => sweeper == *ctx.me() || HAD_IT.is_completed(),
    None => {
        let (name, global) = (THE_SWEEPER, ctx.global());
        let registered = global.register_with(&name, ctx.me(), Resolver::Notify);
        let is_ok = registered.await.is_ok();
        if is_ok {
            HAD_IT.call_once(|| {});
        }
        is_ok
    }
};
// ── end 6
