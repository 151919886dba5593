//! kind = "right"
//! about = "One timer for all attempts: ten times a second, the manager looks which leases have ended."

// ── file protocol.rs
// ── after
Expired(Attempt),
// ── add
/// It is time to look at the leases.
Tick,
// ── end
// ── file manager.rs
// ── after
workers: BTreeMap<Address<WorkerMsg>, AtWork>,
// ── add
leases: Vec<(tokio::time::Instant, Attempt)>,
// ── end
// ── after
ManagerMsg::Expired(attempt) => self.expired(attempt, ctx).await,
// ── add
ManagerMsg::Tick => {
    let now = tokio::time::Instant::now();
    let (over, open) = std::mem::take(&mut self.leases).into_iter().partition(|(end, _)| *end <= now);
    self.leases = open;
    let over: Vec<(tokio::time::Instant, Attempt)> = over;
    for (_, attempt) in over {
        self.expired(attempt, ctx).await;
    }
    if !self.leases.is_empty() {
        ctx.send_after(LEASE / 10, ManagerMsg::Tick);
    }
}
// ── end
// ── replace
ctx.send_after(LEASE, ManagerMsg::Expired(attempt.clone()));
// ── with
if self.leases.is_empty() {
    ctx.send_after(LEASE / 10, ManagerMsg::Tick);
}
self.leases.push((tokio::time::Instant::now() + LEASE, attempt.clone()));
// ── end
