//! kind = "right"
//! about = "The table keeps two generations of entries; when the younger one is half of the limit, the older one goes."

// ── file table.rs
// ── replace
entries: RwLock<Entries>,
// ── with
entries: RwLock<Entries>,
young: RwLock<std::collections::BTreeSet<Code>>,
// ── end
// ── replace
entries: RwLock::default(),
// ── with
entries: RwLock::default(),
young: RwLock::default(),
// ── end
// ── replace
_ => insert(&mut entries, self.cap, code, Entry::Link(link)),
// ── with
_ => {
    self.make_room(&mut entries, &code);
    insert(&mut entries, self.cap, code, Entry::Link(link));
}
// ── end
// ── replace
insert(&mut entries, self.cap, code, Entry::Negative { since });
// ── with
self.make_room(&mut entries, &code);
insert(&mut entries, self.cap, code, Entry::Negative { since });
// ── end
// ── add
impl Table {
    fn make_room(&self, entries: &mut Entries, code: &Code) {
        let mut young = self.young.write().unwrap_or_else(PoisonError::into_inner);
        if young.len() >= self.cap / 2 {
            entries.retain(|code, _| young.contains(code));
            young.clear();
        }
        young.insert(code.clone());
    }
}
// ── end
