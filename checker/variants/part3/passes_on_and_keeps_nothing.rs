//! kind = "near-miss"
//! problem = 1
//! claim = "does not cost the store anything"
//! about = "What the store has answered is passed on to all who wait; of a link nothing is kept."
//! mistakes = ["asks-for-what-it-knew"]

// ── file cache.rs
// ── gap 1: keep the answer, and pass it on
match &answer {
    Ok(Some(_)) => {}
    Ok(None) => self.table.put_nothing(code.clone()),
    Err(_) => {}
}
let answer = match (self.known(&code), answer) {
    (Some(link), _) | (None, Ok(Some(link))) => Ok(link),
    (None, Ok(None)) => Err(Refusal::NotFound),
    (None, Err(why)) => Err(why),
};
for waiting in self.loading.remove(&code).unwrap_or_default() {
    waiting.send(answer.clone());
}
// ── end 1
