//! kind = "near-miss"
//! problem = 2
//! claim = "a link is replicated with its end"
//! about = "The others are told where a link leads, and not when it ends."
//! mistakes = ["leaves-out-the-end"]

// ── file cache.rs
// ── replace
tell(member, CacheMsg::Learn(code.clone(), link.clone()), ctx);
// ── with
let link = Link { expires_at: None, ..link.clone() };
tell(member, CacheMsg::Learn(code.clone(), link), ctx);
// ── end
