//! kind = "near-miss"
//! problem = 1
//! claim = "a hundred look-ups of one unknown code"
//! about = "As long as the store has not answered, each visitor has it asked once more."
//! mistakes = ["asks-for-each-visitor"]

// ── file cache.rs
// ── gap 1: ask the store, once for all who wait
match self.table.get(&code) {
    Some(Known::Link(link)) => return reply.send(Ok(link)),
    Some(Known::Nothing) => return reply.send(Err(Refusal::NotFound)),
    None => {}
}
self.loading.entry(code.clone()).or_default().push(reply);
let (store, me) = (self.store.clone(), ctx.clone());
ctx.spawn(async move {
    let answer = match store.get(&code).await {
        Ok(link) => Ok(link.filter(|link| !link.is_expired(now()))),
        Err(why) => Err(unavailable(why)),
    };
    me.send_self(CacheMsg::Loaded(code, answer));
});
// ── end 1
