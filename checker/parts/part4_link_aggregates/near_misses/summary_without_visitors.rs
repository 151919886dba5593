//! kind = "near-miss"
//! problem = 9
//! claim = "a returning visitor counts once"
//! about = "Nodes that meet compare the views of links, and not their visitors. A visitor of whom no message came stays unknown."

// ── file views.rs
// ── replace
let usage = runtime::wire::encode(usage).expect("numbers and texts can be encoded");
// ── with
let usage = runtime::wire::encode(&usage.views).expect("numbers and texts can be encoded");
// ── end
// ── file counters.rs
// ── replace
const FEW_LINKS: usize = 16;
// ── with
const FEW_LINKS: usize = 0;
// ── end
