//! kind = "near-miss"
//! problem = 1
//! claim = "does not cost the store anything"
//! about = "The store is asked first, and the table only when it does not answer."
//! mistakes = ["asks-for-what-it-knew"]

// ── file links.rs
// ── gap 1: ask the table first, and fill it
let answer = match self.store.get(&code).await {
    Ok(Some(link)) if !link.is_expired(now()) => Ok(link),
    Ok(_) => Err(Refusal::NotFound),
    Err(why) => Err(unavailable(why)),
};
match (self.table.get(&code), answer) {
    (_, Ok(link)) => {
        self.table.put(code, link.clone());
        return Ok(link);
    }
    (Some(Known::Link(link)), Err(Refusal::Unavailable(_))) => return Ok(link),
    (Some(Known::Nothing), Err(_)) => return Err(Refusal::NotFound),
    (_, Err(Refusal::NotFound)) => {
        self.table.put_nothing(code);
        return Err(Refusal::NotFound);
    }
    (_, Err(why)) => return Err(why),
}
// ── end 1
