//! kind = "near-miss"
//! problem = 2
//! claim = "a job without map tasks completes"
//! about = "The reduce tasks of a job begin with the result of its last map task, so a job without map tasks never ends."

// ── file manager.rs
// ── replace
reduce.filter(|_| mapped).map(TaskId::Reduce)
// ── with
reduce.filter(|_| mapped && !job.maps.is_empty()).map(TaskId::Reduce)
// ── end
