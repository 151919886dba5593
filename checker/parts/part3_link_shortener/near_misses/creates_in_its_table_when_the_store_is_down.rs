//! kind = "near-miss"
//! problem = 5
//! claim = "without the store nothing is created"
//! about = "When the store cannot be reached, a link is created in the tables alone."
//! mistakes = ["creates-without-the-store"]

// ── file links.rs
// ── replace
let (code, link) = self.claim(new).await?;
// ── with
let (code, link) = match self.claim(new.clone()).await {
    Err(Refusal::Unavailable(_)) => (Code::candidates(&new.link.url)[0].clone(), new.link),
    claimed => claimed?,
};
// ── end
