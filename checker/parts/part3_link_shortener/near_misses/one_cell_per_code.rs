//! kind = "right"
//! about = "Lookups of the same code at the same time share a cell for the store's answer; the cache only says when it is warm."

// ── file cache.rs
// ── replace
if let Some(waiting) = self.loading.get_mut(&code) {
    // …
});
// ── with
reply.send(Err(Refusal::NotFound));
// ── end
// ── file links.rs
// ── after
views: Arc<Mutex<BTreeMap<Code, u64>>>,
// ── add
flights: Arc<Mutex<BTreeMap<Code, Arc<Flight>>>>,
// ── end
// ── after
views: Arc::default(),
// ── add
flights: Arc::default(),
// ── end
// ── replace
if let Ok(answer) = asked.await {
    return answer;
}
// ── with
// The cache has answered, so it is warm.
let _ = asked.await;
let flights = || self.flights.lock().unwrap_or_else(PoisonError::into_inner);
let flight = flights().entry(code.clone()).or_default().clone();
let answer = flight.get_or_init(|| self.ask_the_store(&code)).await.clone();
flights().retain(|_, other| !Arc::ptr_eq(other, &flight));
return answer;
// ── end
// ── add
type Flight = tokio::sync::OnceCell<Result<Link, Refusal>>;

impl Links {
    async fn ask_the_store(&self, code: &Code) -> Result<Link, Refusal> {
        if self.table.get(code).is_none() {
            match self.store.get(code).await {
                Ok(Some(link)) if !link.is_expired(now()) => {
                    self.table.put(code.clone(), link.clone());
                    return Ok(link);
                }
                Ok(_) => self.table.put_negative(code.clone()),
                Err(why) if self.table.get(code).is_none() => return Err(unavailable(why)),
                Err(_) => {}
            }
        }
        match self.table.get(code) {
            Some(Known::Link(link)) => Ok(link),
            _ => Err(Refusal::NotFound),
        }
    }
}
// ── end
