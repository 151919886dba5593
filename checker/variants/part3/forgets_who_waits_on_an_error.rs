//! kind = "near-miss"
//! problem = 5
//! claim = "all else is 503"
//! about = "When the store does not answer, nobody is told, and whoever asks for that code later waits with them."
//! mistakes = ["forgets-who-waits"]

// ── file cache.rs
// ── gap 1: keep the answer, and pass it on
if answer.is_err() {
    return;
}
match &answer {
    Ok(Some(link)) => self.table.put(code.clone(), link.clone()),
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
