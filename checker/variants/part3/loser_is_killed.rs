//! kind = "right"
//! about = "Of two sweepers that meet one is killed; started again, it stands by and watches the winner."

// ── file protocol.rs
// ── gap 0: more messages to a sweeper
StandBy,
// ── end 0
// ── file sweeper.rs
// ── imports
use runtime::RegisterError;
// ── end imports
// ── gap 0: whatever else is to do at the start
ctx.send_self(SweeperMsg::StandBy);
// ── end 0
// ── gap 0: messages of your own
SweeperMsg::StandBy => self.stand_by(ctx).await,
// ── end 0
// ── gap 0: news from the runtime
Info::Down { .. } => self.stand_by(ctx).await,
// ── end 0
// ── gap 6: one sweeper for all who are connected
let is_mine = ctx.global().whereis(&THE_SWEEPER).as_ref() == Some(ctx.me());
// ── end 6
// ── gap 0: functions of your own
async fn stand_by(&self, ctx: &Ctx<SweeperMsg>) {
    let (name, global) = (THE_SWEEPER, ctx.global());
    match global.register_with(&name, ctx.me(), Resolver::KeepFirst).await {
        Ok(()) => {}
        Err(RegisterError::Taken(by)) if by != ctx.me().retype() => drop(ctx.monitor(&by)),
        Err(RegisterError::Taken(_)) => {}
        Err(_) => drop(ctx.send_after(SWEEP_EVERY, SweeperMsg::StandBy)),
    }
}
// ── end 0
