//! kind = "near-miss"
//! problem = 1
//! claim = "also where there was none a moment ago"
//! about = "That there is nothing is remembered for an hour."
//! mistakes = ["keeps-nothing-too-long"]

// ── file table.rs
// ── replace
let since = Instant::now();
// ── with
let since = Instant::now() + Duration::from_secs(3600);
// ── end
