//! kind = "near-miss"
//! problem = 5
//! claim = "within 1 s"
//! about = "A node tries a creation four times before it answers 503."
//! mistakes = ["tries-the-store-again"]

// ── file links.rs
// ── replace
let (code, link) = self.claim(new).await?;
// ── with
let mut tries = 1;
let (code, link) = loop {
    match self.claim(new.clone()).await {
        Err(Refusal::Unavailable(_)) if tries < 4 => tries += 1,
        claimed => break claimed?,
    }
};
// ── end
