//! kind = "near-miss"
//! problem = 1
//! claim = "a table has at most 1000 entries"
//! about = "The limit holds for links only; negative entries do not count."

// ── file table.rs
// ── replace
if entries.len() >= cap && !entries.contains_key(&code) {
    let victim = entries.keys().next().cloned();
// ── with
let is_link = |entry: &Entry| matches!(entry, Entry::Link(_));
let links = entries.values().filter(|entry| is_link(entry)).count();
if is_link(&entry) && links >= cap {
    let mut links = entries.iter().filter(|(_, entry)| is_link(entry));
    let victim = links.next().map(|(code, _)| code.clone());
// ── end
