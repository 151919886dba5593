//! kind = "near-miss"
//! problem = 2
//! claim = ""
//! about = "A look-up whose call to the cache fails is answered 404."

// ── file links.rs
// ── replace
if let Ok(answer) = asked.await {
    return answer;
}
// ── with
if true {
    return asked.await.unwrap_or(Err(Refusal::NotFound));
}
// ── end
