//! kind = "near-miss"
//! problem = 2
//! claim = "the owner does the work"
//! about = "The entry asks the second owner, too, when the owner answers that there is no such link."
//! mistakes = ["others-asked-for-link"]

// ── file links.rs
// ── after
let asked = match asked {
// ── add
    Ok(Err(Refusal::NotFound)) => {
        match self.owners.excluding(&[owner, self.node.name()], code) {
            Some(second) => self.run_on(&second, function, args, OWNER_TIMEOUT / 2).await,
            None => Ok(Err(Refusal::NotFound)),
        }
    }
// ── end
