//! kind = "near-miss"
//! problem = 6
//! claim = "when the sweeper crashes or its node dies"
//! about = "A sweeper tries to get the name when it starts, and never again."

// ── file sweeper.rs
// ── after
ctx.send_self(SweeperMsg::Sweep);
// ── add
let (name, global) = (THE_SWEEPER, ctx.global());
let _ = global.register_with(&name, ctx.me(), Resolver::Notify).await;
// ── end
// ── replace
let is_mine = match ctx.global().whereis(&THE_SWEEPER) {
    // …
};
// ── with
let is_mine = ctx.global().whereis(&THE_SWEEPER).as_ref() == Some(ctx.me());
// ── end
