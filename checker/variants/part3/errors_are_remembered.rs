//! kind = "near-miss"
//! problem = 5
//! claim = "when the store is back all goes on by itself"
//! about = "That the store did not answer is remembered like an answer that there is nothing."
//! mistakes = ["errors-are-kept"]

// ── file cache.rs
// ── gap 1: keep the answer, and pass it on
match &answer {
    Ok(Some(link)) => self.table.put(code.clone(), link.clone()),
    Ok(None) => self.table.put_nothing(code.clone()),
    Err(_) => self.table.put_nothing(code.clone()),
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
