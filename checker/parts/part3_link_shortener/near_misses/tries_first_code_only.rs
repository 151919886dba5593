//! kind = "near-miss"
//! problem = 1
//! claim = "a link is created: 201"
//! about = "A URL whose first code is another URL's is answered 409."

// ── file links.rs
// ── replace
None => Code::candidates(&new.link.url),
// ── with
None => Code::candidates(&new.link.url).into_iter().take(1).collect(),
// ── end
