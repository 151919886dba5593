//! kind = "near-miss"
//! problem = 5
//! claim = "views are counted, and nothing else"
//! about = "Views are counted, and stay where they were counted."
//! mistakes = ["nobody-told-of-views"]

// ── file counters.rs
// ── replace
tell(&member, CountersMsg::Merge(code.clone(), news.clone()), ctx);
// ── with
// ── end
