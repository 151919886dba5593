//! kind = "near-miss"
//! problem = 10
//! claim = "keeps nobody from anything"
//! about = "The second owner is the one after itself: the same again."
//! mistakes = ["no-second-owner"]

// ── file links.rs
// ── gap 10: ask the second owner
let asked = match asked {
    Ok(answer) => Ok(answer),
    Err(why) => self.run_on(owner, function, args, OWNER_WITHIN / 2).await.map_err(|_| why),
};
// ── end 10
