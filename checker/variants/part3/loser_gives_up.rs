//! kind = "near-miss"
//! problem = 6
//! claim = "and the loser stands by"
//! about = "Who has lost the name after a split never tries to get it again."
//! mistakes = ["stops-trying-for-the-name"]

// ── file sweeper.rs
// ── gap 0: fields of your own
has_lost: bool,
// ── end 0
// ── gap 0: first values of your fields
has_lost: false,
// ── end 0
// ── gap 0: news from the runtime
Info::NameLost(_) => self.has_lost = true,
// ── end 0
// ── gap 6: one sweeper for all who are connected
let is_mine = match ctx.global().whereis(&THE_SWEEPER) {
    Some(sweeper) => sweeper == *ctx.me(),
    None if self.has_lost => false,
    None => {
        let (name, global) = (THE_SWEEPER, ctx.global());
        let registered = global.register_with(&name, ctx.me(), Resolver::Notify);
        registered.await.is_ok()
    }
};
// ── end 6
