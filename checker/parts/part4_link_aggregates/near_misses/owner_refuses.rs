//! kind = "near-miss"
//! problem = 2
//! claim = "an owner does not pass a request on"
//! about = "A node that is asked as the owner refuses if its own ring names another owner."
//! processes_only = "It keeps its own in a static, and all simulated nodes are one process."

// ── file links.rs
// ── after
pub async fn claim(&self, codes: Vec<Code>, link: Link) -> Result<Claim, Refusal> {
// ── add
    self.check(&codes[0])?;
// ── end
// ── after
pub async fn look_up(&self, code: Code) -> Result<Link, Refusal> {
// ── add
    self.check(&code)?;
// ── end
// ── after
pub fn new(node: Node, store: Store, owned: Owned, owners: Owners, views: Arc<Views>) -> Links {
// ── add
    let _ = OWNERS.set(owners.clone());
// ── end
// ── add
static OWNERS: std::sync::OnceLock<Owners> = std::sync::OnceLock::new();

impl Owned {
    fn check(&self, code: &Code) -> Result<(), Refusal> {
        match OWNERS.get().and_then(|owners| owners.of(code)) {
            Some(owner) if owner == *self.node.name() => Ok(()),
            _ => Err(Refusal::Unavailable("another node owns this code".to_owned())),
        }
    }
}
// ── end
