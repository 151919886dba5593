//! kind = "near-miss"
//! problem = 2
//! claim = "creations and lookups on all nodes while members come and go and links expire"
//! about = "When another URL has the first code, the owner of that code claims the next codes too, although other nodes own them."

// ── file links.rs
// ── replace
        let claimed = self.store.claim(&codes, &link).await.map_err(unavailable)?;
// ── with
// The entry need not ask once more for each code.
let mut claimed = Claim::Taken;
for choice in 0..codes.len() {
    claimed = self
        .store
        .claim(&codes[choice..], &link)
        .await
        .map_err(unavailable)?;
    if claimed != Claim::Taken {
        break;
    }
}
// ── end
