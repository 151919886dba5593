//! kind = "right"
//! about = "Who asks for the same code at the same time shares a cell that the store’s answer is put into; the cache has no part in it but to say when it is warm."

// ── file protocol.rs
// ── gap 0: more messages to a cache
Warm(Reply<()>),
// ── end 0
// ── file links.rs
// ── gap 0: fields of your own
flights: Arc<Mutex<BTreeMap<Code, Arc<Flight>>>>,
// ── end 0
// ── gap 0: first values of your fields
flights: Arc::default(),
// ── end 0
// ── gap 1: ask the table first, and fill it
match self.table.get(&code) {
    Some(Known::Link(link)) => return Ok(link),
    Some(Known::Nothing) => return Err(Refusal::NotFound),
    None => {}
}
let _ = self.node.call(&CACHE.at(self.node.name()), CacheMsg::Warm).await;
let flight = {
    let mut flights = self.flights.lock().unwrap_or_else(PoisonError::into_inner);
    match self.table.get(&code) {
        Some(Known::Link(link)) => return Ok(link),
        Some(Known::Nothing) => return Err(Refusal::NotFound),
        None => flights.entry(code.clone()).or_default().clone(),
    }
};
let answer = flight.get_or_init(|| self.ask_the_store(&code)).await.clone();
let mut flights = self.flights.lock().unwrap_or_else(PoisonError::into_inner);
if flights.get(&code).is_some_and(|last| Arc::ptr_eq(last, &flight)) {
    flights.remove(&code);
}
drop(flights);
if let Ok(link) = answer {
    return Ok(link);
}
return match self.table.get(&code) {
    Some(Known::Link(link)) => Ok(link),
    _ => answer,
};
// ── end 1
// ── gap 0: functions of your own
type Flight = tokio::sync::OnceCell<Result<Link, Refusal>>;

impl Links {
    async fn ask_the_store(&self, code: &Code) -> Result<Link, Refusal> {
        match self.store.get(code).await {
            Ok(Some(link)) if !link.is_expired(now()) => {
                self.table.put(code.clone(), link.clone());
                Ok(link)
            }
            Ok(_) => {
                self.table.put_nothing(code.clone());
                match self.table.get(code) {
                    Some(Known::Link(link)) => Ok(link),
                    _ => Err(Refusal::NotFound),
                }
            }
            Err(why) => Err(unavailable(why)),
        }
    }
}
// ── end 0
// ── file cache.rs
// ── gap 1: fields for look-ups
// ── end 1
// ── gap 4: fields for the warm-up
awaited: BTreeSet<NodeName>,
held: Vec<Reply<()>>,
// ── end 4
// ── gap 1: nothing is loaded yet
// ── end 1
// ── gap 0: messages of your own
CacheMsg::Warm(reply) => match self.awaited.is_empty() {
    true => reply.send(()),
    false => self.held.push(reply),
},
// ── end 0
// ── gap 4: wait for the tables of other nodes
// ── end 4
// ── gap 1: ask the store, once for all who wait
reply.send(self.known(&code).ok_or(Refusal::NotFound));
// ── end 1
// ── gap 1: keep the answer, and pass it on
// ── end 1
// ── gap 4: go on with what had to wait
self.awaited.remove(node);
if self.awaited.is_empty() {
    for reply in self.held.drain(..) {
        reply.send(());
    }
}
// ── end 4
