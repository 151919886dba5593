//! kind = "near-miss"
//! problem = 5
//! claim = "without the store no link is created"
//! about = "When the store cannot be reached, the node creates the link in the tables alone."

// ── file links.rs
// ── replace
let (code, link) = self.claim(new).await?;
// ── with
let (code, link) = match self.claim(new.clone()).await {
    Err(Refusal::Unavailable(_)) => (Code::candidates(&new.link.url)[0].clone(), new.link),
    claimed => claimed?,
};
// ── end
