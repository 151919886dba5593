//! kind = "near-miss"
//! problem = 6
//! claim = "when the sweeper crashes or its node dies"
//! about = "A sweeper tries to get the name when it starts, and never again."
//! mistakes = ["stops-trying-for-the-name"]

// ── file sweeper.rs
// ── gap 0: whatever else is to do at the start
let (name, global) = (THE_SWEEPER, ctx.global());
let _ = global.register_with(&name, ctx.me(), Resolver::Notify).await;
// ── end 0
// ── gap 6: one sweeper for all who are connected
let is_mine = ctx.global().whereis(&THE_SWEEPER).as_ref() == Some(ctx.me());
// ── end 6
