//! kind = "near-miss"
//! problem = 4
//! claim = "nodes join late, are killed and start again, and visitors ask for everything"
//! about = "A look-up that waited for the tables of other nodes is answered 404 if they do not have the link, although the store may have it."

// ── file cache.rs
// ── replace
        self.stop_waiting(&from, ctx);
// ── with
self.awaited.remove(&from);
if self.awaited.is_empty() {
    // The tables together have all links. To ask the store for the rest is what we wanted to avoid.
    for (code, reply) in std::mem::take(&mut self.held) {
        reply.send(self.known(&code).ok_or(Refusal::NotFound));
    }
}
// ── end
