//! kind = "near-miss"
//! problem = 1
//! claim = ""
//! about = "The cache passes on each link that the store has, expired or not."

// ── file cache.rs
// ── replace
Ok(link) => Ok(link.filter(|link| !link.is_expired(now()))),
// ── with
Ok(link) => Ok(link),
// ── end
