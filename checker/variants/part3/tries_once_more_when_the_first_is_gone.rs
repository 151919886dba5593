//! kind = "near-miss"
//! problem = 6
//! claim = "when the sweeper crashes or its node dies"
//! about = "Who stands by tries once to take over; when a third one is quicker, it gives up."
//! mistakes = ["stops-trying-for-the-name"]

// ── file sweeper.rs
// ── gap 6: one sweeper for all who are connected
static TRIES: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
let is_mine = match ctx.global().whereis(&THE_SWEEPER) {
    Some(sweeper) => sweeper == *ctx.me(),
    None if TRIES.fetch_add(1, std::sync::atomic::Ordering::Relaxed) > 0 => false,
    None => {
        let (name, global) = (THE_SWEEPER, ctx.global());
        let registered = global.register_with(&name, ctx.me(), Resolver::Notify);
        registered.await.is_ok()
    }
};
// ── end 6
