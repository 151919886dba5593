//! kind = "near-miss"
//! problem = 5
//! claim = "views are counted, and nothing else"
//! about = "Views are counted, and stay where they were counted."
//! mistakes = ["nobody-told-of-views"]

// ── file counters.rs
// ── gap 5: tell all the others
let _ = (code, news, ctx);
// ── end 5
