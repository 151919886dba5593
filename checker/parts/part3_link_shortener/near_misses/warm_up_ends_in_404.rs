//! kind = "near-miss"
//! problem = 4
//! claim = "asks the store, and answers within a second"
//! about = "A lookup that waited for tables is answered from the table alone: what none of them has is 404."

// ── file cache.rs
// ── replace
for (code, reply) in std::mem::take(&mut self.held) {
    self.load(code, reply, ctx);
}
// ── with
for (code, reply) in std::mem::take(&mut self.held) {
    reply.send(self.known(&code).ok_or(Refusal::NotFound));
}
// ── end
