//! kind = "near-miss"
//! problem = 2
//! claim = "an owner does not pass a request on"
//! about = "A node that is asked as the owner asks the node that its own ring names."
//! processes_only = "It keeps its own in a static, and all simulated nodes are one process."

// ── file lib.rs
// ── replace
let http = HttpArgs {
// ── with
let _ = links::LINKS.set(links.clone());
let http = HttpArgs {
// ── end
// ── file links.rs
// ── replace
async move { owned.claim(codes, link).await }
// ── with
async move { LINKS.wait().claim(codes, link).await }
// ── end
// ── replace
async move { owned.look_up(code).await }
// ── with
async move { LINKS.wait().find(code).await }
// ── end
// ── add
pub static LINKS: std::sync::OnceLock<Links> = std::sync::OnceLock::new();
// ── end
