//! kind = "near-miss"
//! problem = 2
//! claim = "no node knows a link before the store has it"
//! about = "A creation puts the link into the tables and answers 201, and claims the code in the store afterwards."

// ── file links.rs
// ── replace
let (code, link) = self.claim(new).await?;
// ── with
let code = new.code.clone().unwrap_or_else(|| Code::candidates(&new.link.url)[0].clone());
let link = new.link.clone();
let links = self.clone();
tokio::spawn(async move { links.claim(new).await });
// ── end
