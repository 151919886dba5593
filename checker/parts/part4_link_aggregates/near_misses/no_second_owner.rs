//! kind = "near-miss"
//! problem = 10
//! claim = "the death of an owner stops no request"
//! about = "The entry refuses creations when the owner is dead."

// ── file links.rs
// ── replace
let asked = match asked {
    // …
};
// ── with
// ── end
