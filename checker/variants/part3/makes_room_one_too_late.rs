//! kind = "near-miss"
//! problem = 1
//! claim = "a table has at most 1000 entries"
//! about = "The table may have one entry more than it should."
//! mistakes = ["makes-room-too-late"]

// ── file table.rs
// ── gap 1: make room
/// Puts an entry in. If that makes one too many, another one goes: any, as all of them can be had
/// from the store again. (Which one goes best is a science of its own; what matters here is that
/// a stranger who asks for a million codes does not fill our memory.)
fn insert(entries: &mut Entries, cap: usize, code: Code, entry: Entry) {
    if entries.len() > cap && !entries.contains_key(&code) {
        let victim = entries.keys().next().cloned();
        victim.map(|victim| entries.remove(&victim));
    }
    entries.insert(code, entry);
}
// ── end 1
