//! kind = "near-miss"
//! problem = 1
//! claim = "a table has at most 1000 entries"
//! about = "The limit holds for links; entries for codes that lead nowhere do not count."
//! mistakes = ["makes-no-room"]

// ── file table.rs
// ── gap 1: make room
/// Puts an entry in. If that makes one too many, another one goes: any, as all of them can be had
/// from the store again. (Which one goes best is a science of its own; what matters here is that
/// a stranger who asks for a million codes does not fill our memory.)
fn insert(entries: &mut Entries, cap: usize, code: Code, entry: Entry) {
    let is_link = |entry: &Entry| matches!(entry, Entry::Link(_));
    let links = entries.values().filter(|entry| is_link(entry)).count();
    if is_link(&entry) && links >= cap {
        let victim = entries.iter().find(|(_, entry)| is_link(entry)).map(|(code, _)| code.clone());
        victim.map(|victim| entries.remove(&victim));
    }
    entries.insert(code, entry);
}
// ── end 1
