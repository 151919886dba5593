//! kind = "near-miss"
//! problem = 2
//! claim = "what an owner is asked to do it does itself"
//! about = "Who is asked for a code has it claimed and looked up by whom it takes for the owner itself."

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
