//! kind = "near-miss"
//! problem = 5
//! claim = "within 1 s"
//! about = "What the store does not answer is tried four times before it is answered 503."
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
