//! kind = "near-miss"
//! problem = 3
//! claim = "a silent owner keeps nobody waiting"
//! about = "The owner is waited for as long as the runtime waits."
//! mistakes = ["owner-without-time-limit"]

// ── file links.rs
// ── gap 2: a remote task
let _ = within;
self.node.run_on(node, function, args).await.map_err(|why| why.to_string())
// ── end 2
// ── gap 10: ask the second owner
let asked = asked;
// ── end 10
