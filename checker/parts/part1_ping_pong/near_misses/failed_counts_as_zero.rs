//! kind = "near-miss"
//! problem = 2
//! claim = "every node"
//! about = "The producer takes the total of a node that did not answer to be zero."
//! mistakes = ["takes-silence-for-zero"]

// ── file producer.rs
// ── replace
let failed = asked
// …
});
// ── with
let silent = asked.failures.into_keys().map(|node| (node, 0));
let totals = asked.answers.into_iter().chain(silent).collect();
reply.send(Everyone { totals, failed: Default::default() });
// ── end
