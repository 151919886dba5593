//! kind = "near-miss"
//! problem = 5
//! claim = "every node works again in the next job"
//! about = "A node whose output could not be fetched gets no task of any later job."

// ── file manager.rs
// ── replace
self.distrusted.clear();
// ── with
// ── end
