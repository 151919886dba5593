//! kind = "near-miss"
//! problem = 6
//! claim = "one process sweeps: the owner of the name"
//! about = "All nodes sweep as soon as one process owns the name."

// ── file sweeper.rs
// ── replace
Some(sweeper) => sweeper == *ctx.me(),
// ── with
Some(_) => true,
// ── end
