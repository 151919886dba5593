//! kind = "near-miss"
//! problem = 1
//! claim = "counts once"
//! about = "The consumer adds one for each ping, so a ping that is delivered twice counts twice."
//! mistakes = ["counts-deliveries"]

// ── file consumer.rs
// ── replace
let latest = self.counts.entry(from).or_default();
*latest = count.max(*latest);
// ── with
*self.counts.entry(from).or_default() += 1;
// ── end
