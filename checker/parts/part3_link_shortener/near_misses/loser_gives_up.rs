//! kind = "near-miss"
//! problem = 6
//! claim = "and the loser stands by"
//! about = "A process that lost the name after a split never tries to get it again."

// ── file sweeper.rs
// ── after
swept: u64,
// ── add
has_lost: bool,
// ── end
// ── replace
Sweeper { store, swept: 0 }
// ── with
Sweeper { store, swept: 0, has_lost: false }
// ── end
// ── after
match info {
// ── add
    Info::NameLost(_) => self.has_lost = true,
// ── end
// ── after
Some(sweeper) => sweeper == *ctx.me(),
// ── add
None if self.has_lost => false,
// ── end
