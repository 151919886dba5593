//! kind = "near-miss"
//! problem = 4
//! claim = "nodes are cut off, silent, late, killed and restarted"
//! about = "The consumer takes a number that is more than 100 above the one it has for a lie, so it never catches up after a hundred missed pings."

// ── file consumer.rs
// ── replace
                *latest = count.max(*latest);
// ── with
// Nobody misses so many pings: such a number is a lie.
if count <= *latest + 100 {
    *latest = count.max(*latest);
}
// ── end
