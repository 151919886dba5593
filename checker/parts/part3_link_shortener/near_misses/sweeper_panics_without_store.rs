//! kind = "near-miss"
//! problem = 6
//! claim = ""
//! about = "The sweeper panics when the store does not answer, until its supervisor gives up."

// ── file sweeper.rs
// ── replace
let Ok(expired) = self.store.expired().await else {
    return;
};
// ── with
let expired = self.store.expired().await.expect("the store answers");
// ── end
