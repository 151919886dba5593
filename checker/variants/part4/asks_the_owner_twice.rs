//! kind = "near-miss"
//! problem = 2
//! claim = "the owner does the work"
//! about = "The owner is first asked whether it has the code, and then to claim it."
//! mistakes = ["owner-asked-twice"]

// ── file links.rs
// ── gap 2: have the owner claim it
if let Some(owner) = self.owners.of(&codes[0])
    && owner != *self.node.name()
{
    let code = codes[0].clone();
    let known: Result<Link, Refusal> = self.ask(&code, &owner, &LOOK_UP, code.clone()).await;
    if let Ok(known) = known
        && known.url == link.url
    {
        return Ok(Claim::Known(code, known));
    }
    return self.ask(&code, &owner, &CLAIM, (codes, link)).await;
}
// ── end 2
