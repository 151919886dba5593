//! kind = "near-miss"
//! problem = 5
//! claim = "the store refuses, stalls, loses its answers and is slow, at any time"
//! about = "The cache asks the store at most eight questions at once and lets the others wait their turn, so with a silent store the ninth code has no answer within a second."

// ── file cache.rs
// ── after
    table: Arc<Table>,
    loading: BTreeMap<Code, Vec<Reply<Result<Link, Refusal>>>>,
// ── add
/// Spares a store that is in trouble.
turns: Arc<Semaphore>,
// ── end

// ── replace
            loading: BTreeMap::new(),
// ── with
loading: BTreeMap::new(),
turns: Arc::new(Semaphore::new(8)),
// ── end

// ── replace
        let (store, me) = (self.store.clone(), ctx.clone());
        ctx.spawn(async move {
// ── with
let (store, me) = (self.store.clone(), ctx.clone());
let turns = self.turns.clone();
ctx.spawn(async move {
    let _turn = turns.acquire_owned().await;
// ── end

// ── add
use tokio::sync::Semaphore;
// ── end
