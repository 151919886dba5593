//! kind = "right"
//! about = "The manager computes the output of a lost node again when a worker cannot fetch it, and not before."

// ── file manager.rs
// ── replace
async fn node_down(&mut self, node: &NodeName, ctx: &Ctx<ManagerMsg>) {
    self.lose_outputs(node);
// ── with
async fn node_down(&mut self, _: &NodeName, ctx: &Ctx<ManagerMsg>) {
// ── end
