//! kind = "near-miss"
//! problem = 1
//! claim = "creations and lookups in any order, after a stranger has filled a table"
//! about = "In a full table, a negative entry may only replace another one, so a table that is full of links remembers no misses."

// ── file table.rs
// ── replace
                let since = Instant::now();
                insert(&mut entries, self.cap, code, Entry::Negative { since });
// ── with
                // A stranger who asks for a million unknown codes must not push out a link.
                if entries.len() >= self.cap && !entries.contains_key(&code) {
                    let negative = entries
                        .iter()
                        .find(|(_, entry)| matches!(entry, Entry::Negative { .. }))
                        .map(|(code, _)| code.clone());
                    match negative {
                        Some(victim) => drop(entries.remove(&victim)),
                        None => return,
                    }
                }
                let since = Instant::now();
                insert(&mut entries, self.cap, code, Entry::Negative { since });
// ── end
