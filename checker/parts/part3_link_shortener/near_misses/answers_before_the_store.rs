//! kind = "near-miss"
//! problem = 2
//! claim = "nobody knows a link before the store has it"
//! about = "A link is put into the tables and answered 201, and then claimed in the store."
//! mistakes = ["answers-before-the-store", "tells-before-the-store"]

// ── file links.rs
// ── replace
let (code, link) = self.claim(new).await?;
// ── with
let code = new.code.clone().unwrap_or_else(|| Code::candidates(&new.link.url)[0].clone());
let link = new.link.clone();
let links = self.clone();
tokio::spawn(async move { links.claim(new).await });
// ── end
