//! kind = "right"
//! about = "About each view, a node sends all that it knows of the link. It waits half a second for an owner."

// ── file views.rs
// ── replace
news.views = usage.views.only(slot);
// ── with
news.views = usage.views.clone();
// ── end
// ── file protocol.rs
// ── replace
pub const OWNER_TIMEOUT: Duration = Duration::from_secs(1);
// ── with
pub const OWNER_TIMEOUT: Duration = Duration::from_millis(500);
// ── end
