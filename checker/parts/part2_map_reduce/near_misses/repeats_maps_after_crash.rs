//! kind = "near-miss"
//! problem = 6
//! claim = "a restarted manager continues"
//! about = "A restarted manager has all map tasks done again."

// ── file manager.rs
// ── replace
Entry::Done(attempt, product) => {
// ── with
Entry::Done(attempt, product) if matches!(attempt.task, TaskId::Reduce(_)) => {
// ── end
// ── after
        task.product = Some(product);
    }
}
// ── add
Entry::Done(..) => {}
// ── end
