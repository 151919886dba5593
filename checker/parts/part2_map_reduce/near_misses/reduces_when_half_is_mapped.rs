//! kind = "near-miss"
//! problem = 2
//! claim = "every node takes part"
//! about = "Reduce tasks begin when half of the map tasks are done and none is waiting."
//! mistakes = ["reduces-before-all-is-mapped"]

// ── file manager.rs
// ── replace
let mapped = job.maps.iter().all(|task| task.product.is_some());
// ── with
let done = job.maps.iter().filter(|task| task.product.is_some());
let mapped = 2 * done.count() >= job.maps.len();
// ── end
