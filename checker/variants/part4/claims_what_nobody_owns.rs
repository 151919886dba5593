//! kind = "near-miss"
//! problem = 1
//! claim = "without members nothing is created"
//! about = "Without members, the node that is asked claims the code."
//! mistakes = ["claims-what-nobody-owns"]

// ── file links.rs
// ── gap 1: nobody is a member
if self.owners.of(&codes[0]).is_none() {
    return self.owned.claim(codes, link).await;
}
// ── end 1
