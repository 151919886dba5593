//! kind = "near-miss"
//! problem = 3
//! claim = "a split stops creations across it, but no lookups"
//! about = "When the owner of a URL's first code cannot be reached, the URL gets its next code."

// ── file links.rs
// ── replace
.claim(codes[choice..].to_vec(), new.link.clone())
.await?
// ── with
.claim(codes[choice..].to_vec(), new.link.clone())
.await
.or_else(|why| match choice + 1 < codes.len() {
    true => Ok(Claim::Taken),
    false => Err(why),
})?
// ── end
