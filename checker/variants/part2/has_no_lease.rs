//! kind = "near-miss"
//! problem = 4
//! claim = "lost assignments and results"
//! about = "Nobody asks what has become of an attempt as long as its worker lives."
//! mistakes = ["has-no-lease"]

// ── file manager.rs
// ── gap 4: an attempt has begun
// ── end 4
