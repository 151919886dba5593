//! kind = "near-miss"
//! problem = 2
//! claim = ""
//! about = "A creation of a link that the table has changes nothing, also when it gives the link a later expiry."

// ── file links.rs
// ── after
let (code, link) = self.claim(new).await?;
// ── add
if let Some(Known::Link(_)) = self.table.get(&code) {
    return Ok(code);
}
// ── end
