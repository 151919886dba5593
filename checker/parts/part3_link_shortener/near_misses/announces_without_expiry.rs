//! kind = "near-miss"
//! problem = 2
//! claim = "a link is replicated with its expiry"
//! about = "A node sends the others the URL of a link, and not its expiry."

// ── file cache.rs
// ── replace
send_to(member, CacheMsg::Learn(code.clone(), link.clone()), ctx);
// ── with
let link = Link { expires_at: None, ..link.clone() };
send_to(member, CacheMsg::Learn(code.clone(), link), ctx);
// ── end
