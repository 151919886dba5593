//! kind = "near-miss"
//! problem = 8
//! claim = "nodes that differ in little send little"
//! about = "The summary compares the value of each counter, and not its slots."

// ── file views.rs
// ── replace
let usage = runtime::wire::encode(usage).expect("numbers and texts can be encoded");
// ── with
let usage = usage.views.value().to_be_bytes();
// ── end
