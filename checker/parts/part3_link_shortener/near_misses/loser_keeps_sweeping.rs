//! kind = "near-miss"
//! problem = 6
//! claim = "after the network heals, only the owner of the name sweeps"
//! about = "A process that once had the name sweeps from then on, also when it has lost the name."

// ── file sweeper.rs
// ── after
let is_mine = false;
// ── add
static HAD_IT: std::sync::Once = std::sync::Once::new();
// ── end
// ── replace
Some(sweeper) => sweeper == *ctx.me(),
// ── with
Some(sweeper) => sweeper == *ctx.me() || HAD_IT.is_completed(),
// ── end
// ── replace
registered.await.is_ok()
// ── with
registered.await.is_ok_and(|()| {
    HAD_IT.call_once(|| {});
    true
})
// ── end
