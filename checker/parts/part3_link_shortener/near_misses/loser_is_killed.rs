//! kind = "right"
//! about = "Of two sweepers that meet one is killed; it is started again, stands by and watches the winner."

// ── file protocol.rs
// ── after
Sweep,
// ── add
StandBy,
// ── end
// ── file sweeper.rs
// ── after
ctx.send_self(SweeperMsg::Sweep);
// ── add
ctx.send_self(SweeperMsg::StandBy);
// ── end
// ── after
SweeperMsg::Sweep => self.take_turn(ctx).await,
// ── add
SweeperMsg::StandBy => self.stand_by(ctx).await,
// ── end
// ── after
match info {
// ── add
    Info::Down { .. } => self.stand_by(ctx).await,
// ── end
// ── after
impl Sweeper {
// ── add
    async fn stand_by(&self, ctx: &Ctx<SweeperMsg>) {
        let (name, global) = (THE_SWEEPER, ctx.global());
        match global.register_with(&name, ctx.me(), Resolver::KeepFirst).await {
            Ok(()) => {}
            Err(RegisterError::Taken(by)) if by != ctx.me().retype() => drop(ctx.monitor(&by)),
            Err(RegisterError::Taken(_)) => {}
            Err(_) => drop(ctx.send_after(SWEEP_INTERVAL, SweeperMsg::StandBy)),
        }
    }
// ── end
// ── replace
let is_mine = match ctx.global().whereis(&THE_SWEEPER) {
    // …
};
// ── with
let is_mine = ctx.global().whereis(&THE_SWEEPER).as_ref() == Some(ctx.me());
// ── end
// ── add
use runtime::RegisterError;
// ── end
