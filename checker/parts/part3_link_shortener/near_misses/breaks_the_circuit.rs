//! kind = "right"
//! about = "For 300 ms after an error of the store, lookups that need it are answered 503 without a question."

// ── file cache.rs
// ── after
loading: BTreeMap<Code, Vec<Reply<Result<Link, Refusal>>>>,
// ── add
broken: Option<(tokio::time::Instant, Refusal)>,
// ── end
// ── after
loading: BTreeMap::new(),
// ── add
broken: None,
// ── end
// ── after
None => {}
// ── add
}
match &self.broken {
    Some((since, why)) if since.elapsed() < Duration::from_millis(300) => return reply.send(Err(why.clone())),
    _ => {}
// ── end
// ── replace
Err(_) => {}
// ── with
Err(why) => self.broken = Some((tokio::time::Instant::now(), why.clone())),
// ── end
