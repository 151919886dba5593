//! kind = "near-miss"
//! problem = 6
//! claim = "a manager that crashed goes on"
//! about = "A manager that crashed has all map tasks done again."
//! mistakes = ["maps-again-after-a-crash"]

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
