//! kind = "near-miss"
//! problem = 6
//! claim = "one process sweeps: the one that has the name"
//! about = "All sweep, as soon as one of them has the name."
//! mistakes = ["sweeps-without-the-name"]

// ── file sweeper.rs
// ── replace
Some(sweeper) => sweeper == *ctx.me(),
// ── with
Some(_) => true,
// ── end
