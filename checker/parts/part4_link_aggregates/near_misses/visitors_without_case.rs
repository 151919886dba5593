//! kind = "near-miss"
//! problem = 9
//! claim = "visitors who come back, on both sides of netsplits, while messages are lost"
//! about = "Compares visitors without spaces around them and without regard to upper and lower case, so ada and Ada are one visitor."

// ── file visitors.rs
// ── replace
        let hash = Sha256::digest(visitor);
// ── with
        let hash = Sha256::digest(visitor.trim().to_lowercase());
// ── end
