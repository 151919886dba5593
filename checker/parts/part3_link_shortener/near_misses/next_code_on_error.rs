//! kind = "near-miss"
//! problem = 5
//! claim = "a retry gets the same code"
//! about = "When the store does not answer, the node tries the next code of the URL."

// ── file links.rs
// ── replace
for choice in 0..codes.len() {
    let claimed = self.store.claim(&codes[choice..], &new.link).await;
// ── with
static TRIES: Mutex<BTreeMap<String, usize>> = Mutex::new(BTreeMap::new());
let url = new.link.url.clone();
let first = TRIES.lock().unwrap().get(&url).copied().unwrap_or(0);
for choice in first % codes.len()..codes.len() {
    let claimed = self.store.claim(&codes[choice..][..1], &new.link).await;
    if claimed.is_err() {
        *TRIES.lock().unwrap().entry(url.clone()).or_default() += 1;
    }
// ── end
