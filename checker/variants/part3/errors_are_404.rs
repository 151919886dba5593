//! kind = "near-miss"
//! problem = 5
//! claim = "503, and never 404"
//! about = "When the store does not answer, a code that the table does not know is 404."
//! mistakes = ["errors-are-404"]

// ── file cache.rs
// ── gap 1: keep the answer, and pass it on
match &answer {
    Ok(Some(link)) => self.table.put(code.clone(), link.clone()),
    Ok(None) => self.table.put_nothing(code.clone()),
    Err(_) => {}
}
let answer = match (self.known(&code), answer) {
    (Some(link), _) | (None, Ok(Some(link))) => Ok(link),
    (None, Ok(None)) => Err(Refusal::NotFound),
    (None, Err(_)) => Err(Refusal::NotFound),
};
for waiting in self.loading.remove(&code).unwrap_or_default() {
    waiting.send(answer.clone());
}
// ── end 1
