//! kind = "near-miss"
//! problem = 5
//! claim = "is not created later"
//! about = "A creation that was answered 503 is tried again behind the back of who asked."
//! mistakes = ["creates-later"]

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
