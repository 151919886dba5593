//! kind = "near-miss"
//! problem = 6
//! claim = "one process has the global name"
//! about = "The node with the smallest name sweeps, and no process registers."

// ── file sweeper.rs
// ── replace
let is_mine = match ctx.global().whereis(&THE_SWEEPER) {
    // …
};
// ── with
let is_mine = ctx.list().iter().all(|other| ctx.name() < other);
// ── end
