//! kind = "near-miss"
//! problem = 3
//! claim = "recovers"
//! about = "The supervisor restarts the producer along with the consumer, and the count is lost."
//! mistakes = ["misses-its-own-producer"]

// ── file lib.rs
// ── replace
Supervisor::one_for_one()
    .child::<Producer>(&PRODUCER, ())
// ── with
Supervisor::rest_for_one()
// ── end
// ── after
.child::<Consumer>(&CONSUMER, ())
// ── add
.child::<Producer>(&PRODUCER, ())
// ── end
// ── file producer.rs
// ── replace
let nodes: Vec<NodeName> = ctx.list().into_iter().chain([ctx.name().clone()]).collect();
// …
let count = seen.copied().max().unwrap_or(count);
// ── with
// ── end
