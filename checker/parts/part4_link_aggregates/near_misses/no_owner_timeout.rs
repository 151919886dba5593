//! kind = "near-miss"
//! problem = 3
//! claim = "a silent owner delays an answer by two seconds at most"
//! about = "The entry waits for the owner as long as a call of the runtime waits."
//! mistakes = ["owner-without-time-limit"]

// ── file links.rs
// ── replace
let asked = match asked {
    // …
};
// ── with
// ── end
// ── replace
match tokio::time::timeout(timeout, run).await {
    // …
}
// ── with
run.await.map_err(|why| why.to_string())
// ── end
