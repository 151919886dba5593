//! kind = "near-miss"
//! problem = 2
//! claim = "a job without map tasks completes"
//! about = "The reduce phase begins with the last result of a map task, which a job without map tasks never has."

// ── file manager.rs
// ── replace
let mapped = job.maps.iter().all(|task| task.product.is_some());
// ── with
let mapped = !job.maps.is_empty() && job.maps.iter().all(|task| task.product.is_some());
// ── end
