//! kind = "near-miss"
//! problem = 2
//! claim = "the owner does the work"
//! about = "The entry first asks the owner whether it has the code, and then has it claim the code."
//! mistakes = ["owner-asked-twice"]

// ── file links.rs
// ── after
let code = codes[0].clone();
// ── add
let known: Result<Link, Refusal> = self.ask(&code, &owner, &LOOK_UP, code.clone()).await;
if let Ok(known) = known
    && known.url == link.url
{
    return Ok(Claim::Known(code, known));
}
// ── end
