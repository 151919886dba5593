//! kind = "near-miss"
//! problem = 4
//! claim = "a late node whose peers are silent and whose store is slow answers within a second"
//! about = "A lookup may wait for tables for 300 ms and then for the store for 800 ms, which is more than a second."
//! simulated_only = "A busy machine may need two seconds as well, so processes have a looser limit."

// ── file cache.rs
// ── replace
        const TABLE_TIMEOUT: Duration = Duration::from_millis(150);
// ── with
        const TABLE_TIMEOUT: Duration = Duration::from_millis(300);
// ── end
