//! kind = "near-miss"
//! problem = 2
//! claim = "every node"
//! about = "The producer reports a total of zero for a node that did not answer."

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
