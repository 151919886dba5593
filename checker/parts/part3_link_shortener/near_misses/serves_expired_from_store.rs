//! kind = "near-miss"
//! problem = 6
//! claim = "an expired link is 404, whether it was swept or not"
//! about = "The cache passes on each link that the store has, expired or not."

// ── file cache.rs
// ── replace
Ok(link) => Ok(link.filter(|link| !link.is_expired(now()))),
// ── with
Ok(link) => Ok(link),
// ── end
