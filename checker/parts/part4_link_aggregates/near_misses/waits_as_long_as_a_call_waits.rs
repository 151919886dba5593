//! kind = "near-miss"
//! problem = 3
//! claim = "a silent owner keeps nobody waiting"
//! about = "The owner is waited for as long as the runtime waits."
//! mistakes = ["owner-without-time-limit"]

// ── file links.rs
// ── replace
let asked = match asked {
    // …
};
// ── with
// ── end
// ── replace
match tokio::time::timeout(within, run).await {
    // …
}
// ── with
run.await.map_err(|why| why.to_string())
// ── end
