//! kind = "right"
//! about = "A sweeper tries to register the name before each sweep, and sweeps if it has the name afterwards."

// ── file sweeper.rs
// ── replace
let is_mine = match ctx.global().whereis(&THE_SWEEPER) {
    // …
};
// ── with
let (name, global) = (THE_SWEEPER, ctx.global());
let _ = global.register_with(&name, ctx.me(), Resolver::Notify).await;
let is_mine = ctx.global().whereis(&THE_SWEEPER).is_some_and(|owner| owner == *ctx.me());
// ── end
