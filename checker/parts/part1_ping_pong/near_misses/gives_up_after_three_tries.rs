//! kind = "near-miss"
//! problem = 3
//! claim = "consumers crash while pings are lost, late and repeated"
//! about = "The consumer asks a silent producer three times, a second each, and never again while the connection stays open."

// ── file consumer.rs
// ── replace
        loop {
// ── with
for _ in 0..3 {
// ── end
