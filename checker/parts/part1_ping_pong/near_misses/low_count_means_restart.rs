//! kind = "near-miss"
//! problem = 1
//! claim = "pings in any order, repeated, held back, and beside paused nodes"
//! about = "A ping whose number is far below the known one is taken for a producer that began again, so an old ping that comes late resets the count."
//! mistakes = ["overwrites-with-older"]

// ── file consumer.rs
// ── replace
                *latest = count.max(*latest);
// ── with
                if count > *latest || count + 8 < *latest {
                    *latest = count;
                }
// ── end
