//! kind = "near-miss"
//! problem = 4
//! claim = "at most one in twenty costs the store a question"
//! about = "Lookups that wait for tables go on after the first one, although it may come from a node that is just as new."

// ── file cache.rs
// ── replace
        self.stop_waiting(&from, ctx);
// ── with
        self.awaited.clear();
        self.stop_waiting(&from, ctx);
// ── end
