//! kind = "near-miss"
//! problem = 3
//! claim = "a silent owner delays an answer by two seconds at most"
//! about = "The entry waits two seconds for each of two owners."
//! mistakes = ["time-limits-add-up"]

// ── file links.rs
// ── replace
match tokio::time::timeout(timeout, run).await {
// ── with
match tokio::time::timeout(timeout * 2, run).await {
// ── end
// ── replace
Err(_) => Err(format!("no answer within {} ms", timeout.as_millis())),
// ── with
Err(_) => Err("no answer".to_owned()),
// ── end
