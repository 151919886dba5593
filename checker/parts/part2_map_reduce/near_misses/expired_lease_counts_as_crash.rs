//! kind = "near-miss"
//! problem = 4
//! claim = "a record that crashes after its lease"
//! about = "An attempt whose lease ends counts like a crash of its task."

// ── file manager.rs
// ── replace
async fn expired(&mut self, attempt: Attempt, ctx: &Ctx<ManagerMsg>) {
    self.give_up(&attempt);
// ── with
async fn expired(&mut self, attempt: Attempt, ctx: &Ctx<ManagerMsg>) {
    if self.is_running(&attempt) {
        self.crashed(&attempt, "its lease has ended", ctx).await;
    }
    self.give_up(&attempt);
// ── end
