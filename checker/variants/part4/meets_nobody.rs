//! kind = "near-miss"
//! problem = 6
//! claim = "both sides of a split count, and meet"
//! about = "Nothing is told when a link is new: the next view will do it."
//! mistakes = ["nothing-told-on-new-link"]

// ── file counters.rs
// ── gap 6: tell what is known
let _ = (member, give as fn(&Address<CountersMsg>, Vec<(Code, Usage)>, &Ctx<CountersMsg>));
// ── end 6
// ── gap 8: tell only what differs
let _ = FEW_LINKS;
// ── end 8
