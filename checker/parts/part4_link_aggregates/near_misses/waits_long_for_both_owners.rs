//! kind = "near-miss"
//! problem = 3
//! claim = "a silent owner keeps nobody waiting"
//! about = "Both owners are waited for two seconds each."
//! mistakes = ["time-limits-add-up"]

// ── file links.rs
// ── replace
match tokio::time::timeout(within, run).await {
// ── with
match tokio::time::timeout(within * 2, run).await {
// ── end
// ── replace
Err(_) => Err(format!("no answer within {} ms", within.as_millis())),
// ── with
Err(_) => Err("no answer".to_owned()),
// ── end
