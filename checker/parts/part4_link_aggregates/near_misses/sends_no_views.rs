//! kind = "near-miss"
//! problem = 5
//! claim = "views are counted, and nothing else"
//! about = "A node counts its views, and sends them to no other node."
//! mistakes = ["nobody-told-of-views"]

// ── file counters.rs
// ── replace
send(&member, CountersMsg::Merge(code.clone(), news.clone()), ctx);
// ── with
// ── end
