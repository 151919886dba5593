//! kind = "near-miss"
//! problem = 5
//! claim = "does not happen later"
//! about = "The node answers a creation with 503 and tries it again in the background."

// ── file links.rs
// ── replace
let (code, link) = self.claim(new).await?;
// ── with
let claimed = self.claim(new.clone()).await;
if let Err(Refusal::Unavailable(_)) = &claimed {
    let links = self.clone();
    tokio::spawn(async move {
        while let Err(Refusal::Unavailable(_)) = links.claim(new.clone()).await {
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
    });
}
let (code, link) = claimed?;
// ── end
