//! kind = "near-miss"
//! problem = 1
//! claim = "counts once"
//! about = "The consumer adds one for each ping that it gets, so one that is delivered twice counts twice."
//! mistakes = ["counts-deliveries"]

// ── file consumer.rs
// ── gap 1: count a ping
*self.counts.entry(from).or_default() += 1;
// ── end 1
