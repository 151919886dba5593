//! kind = "near-miss"
//! problem = 3
//! claim = "members may come and go under load"
//! about = "A node that is asked as the owner answers 404 if its own ring names another owner."
//! processes_only = "It keeps its own in a static, and all simulated nodes are one process."

// ── file links.rs
// ── after
pub async fn look_up(&self, code: Code) -> Result<Link, Refusal> {
// ── add
    if OWNERS.get().and_then(|owners| owners.of(&code)).as_ref() != Some(self.node.name()) {
        return Err(Refusal::NotFound);
    }
// ── end
// ── after
pub fn new(node: Node, store: Store, owned: Owned, owners: Owners, views: Arc<Views>) -> Links {
// ── add
    let _ = OWNERS.set(owners.clone());
// ── end
// ── add
static OWNERS: std::sync::OnceLock<Owners> = std::sync::OnceLock::new();
// ── end
