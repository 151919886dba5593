//! kind = "near-miss"
//! problem = 3
//! claim = ""
//! about = "Of two links of one code that have not expired, the table keeps the one that comes last."

// ── file table.rs
// ── replace
let end = |link: &Link| link.expires_at.unwrap_or(u64::MAX);
match entries.get(&code) {
    Some(Entry::Link(known)) if end(known) > end(&link) => {}
    _ => insert(&mut entries, self.cap, code, Entry::Link(link)),
}
// ── with
insert(&mut entries, self.cap, code, Entry::Link(link));
// ── end
