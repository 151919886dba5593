//! kind = "near-miss"
//! problem = 5
//! claim = "read there at once"
//! about = "How often a link was followed is asked of the server, and waits in its mailbox."
//! mistakes = ["reading-waits-for-server"]

// ── file links.rs
use std::sync::Arc;
use std::time::Duration;

use runtime::{Function, Node, NodeName};
use serde::Serialize;
use serde::de::DeserializeOwned;
use shortener::{Aggregates, Claim, Code, Link, NewLink, Refusal, Service, Store, StoreError, now};

use crate::protocol::{CACHE, CLAIM, COUNTERS, CacheMsg, CountersMsg, LOOK_UP, OWNER_WITHIN};
use crate::ring::Owners;
use crate::table::Table;
use crate::views::Views;

#[derive(Clone)]
pub struct Owned {
    node: Node,
    store: Store,
    table: Arc<Table>,
}

impl Owned {
    pub fn new(node: Node, store: Store, table: Arc<Table>) -> Owned {
        Owned { node, store, table }
    }

    pub fn register(&self) {
        let owned = self.clone();
        self.node.register_function(&CLAIM, move |(codes, link)| {
            let owned = owned.clone();
            async move { owned.claim(codes, link).await }
        });
        let owned = self.clone();
        self.node.register_function(&LOOK_UP, move |code| {
            let owned = owned.clone();
            async move { owned.look_up(code).await }
        });
    }

    pub async fn claim(&self, codes: Vec<Code>, link: Link) -> Result<Claim, Refusal> {
        let claimed = self.store.claim(&codes, &link).await.map_err(unavailable)?;
        match &claimed {
            Claim::Claimed(code) => self.table.put(code.clone(), link),
            Claim::Known(code, link) if *code == codes[0] => {
                self.table.put(code.clone(), link.clone())
            }
            Claim::Known(..) | Claim::Taken => {}
        }
        Ok(claimed)
    }

    pub async fn look_up(&self, code: Code) -> Result<Link, Refusal> {
        if let Some(link) = self.table.get(&code) {
            return Ok(link);
        }
        let cache = CACHE.at(self.node.name());
        let asked = self
            .node
            .call(&cache, |reply| CacheMsg::Load(code.clone(), reply));
        match asked.await {
            Ok(answer) => answer,
            Err(_) => read(&self.store, &code).await,
        }
    }
}

#[derive(Clone)]
pub struct Links {
    node: Node,
    store: Store,
    owned: Owned,
    owners: Owners,
    views: Arc<Views>,
}

impl Links {
    pub fn new(node: Node, store: Store, owned: Owned, owners: Owners, views: Arc<Views>) -> Links {
        Links {
            node,
            store,
            owned,
            owners,
            views,
        }
    }

    async fn claim(&self, codes: Vec<Code>, link: Link) -> Result<Claim, Refusal> {
        if self.owners.of(&codes[0]).is_none() {
            let why = self.owners.state().stale;
            let why = why.unwrap_or_else(|| "the store lists no members".to_owned());
            return Err(Refusal::Unavailable(format!(
                "nobody owns this code: {why}"
            )));
        }
        if let Some(owner) = self.owners.of(&codes[0])
            && owner != *self.node.name()
        {
            let code = codes[0].clone();
            return self.ask(&code, &owner, &CLAIM, (codes, link)).await;
        }
        self.owned.claim(codes, link).await
    }

    async fn find(&self, code: Code) -> Result<Link, Refusal> {
        match self.owners.of(&code) {
            Some(owner) if owner == *self.node.name() => {}
            Some(owner) => return self.ask(&code, &owner, &LOOK_UP, code.clone()).await,
            None => return read(&self.store, &code).await,
        }
        self.owned.look_up(code).await
    }

    async fn ask<A, T>(
        &self,
        code: &Code,
        owner: &NodeName,
        function: &Function<A, Result<T, Refusal>>,
        args: A,
    ) -> Result<T, Refusal>
    where
        A: Serialize + Clone,
        T: Serialize + DeserializeOwned,
    {
        let asked = self
            .run_on(owner, function, args.clone(), OWNER_WITHIN)
            .await;
        let asked = match asked {
            Ok(answer) => Ok(answer),
            Err(why) => match self.owners.without(&[owner, self.node.name()], code) {
                Some(second) => {
                    let asked = self.run_on(&second, function, args, OWNER_WITHIN / 2).await;
                    asked.map_err(|also| format!("{why}; nor can {second}: {also}"))
                }
                None => Err(why),
            },
        };
        asked.unwrap_or_else(|why| Err(unreachable(owner, &why)))
    }

    async fn run_on<A, R>(
        &self,
        node: &NodeName,
        function: &Function<A, R>,
        args: A,
        within: Duration,
    ) -> Result<R, String>
    where
        A: Serialize,
        R: DeserializeOwned,
    {
        let run = self.node.run_on(node, function, args);
        match tokio::time::timeout(within, run).await {
            Ok(ran) => ran.map_err(|why| why.to_string()),
            Err(_) => Err(format!("no answer within {} ms", within.as_millis())),
        }
    }
}

impl Service for Links {
    async fn create(&self, new: NewLink) -> Result<Code, Refusal> {
        let codes = match new.code {
            Some(code) => vec![code],
            None => Code::candidates(&new.link.url),
        };
        for choice in 0..codes.len() {
            match self
                .claim(codes[choice..].to_vec(), new.link.clone())
                .await?
            {
                Claim::Claimed(code) | Claim::Known(code, _) => return Ok(code),
                Claim::Taken => {}
            }
        }
        Err(Refusal::Taken)
    }

    async fn look_up(&self, code: Code) -> Result<Link, Refusal> {
        let found = self.find(code.clone()).await;
        if let Err(Refusal::Unavailable(_)) = found {
            return read(&self.store, &code).await;
        }
        found
    }

    async fn viewed(&self, code: Code, visitor: String) {
        let news = self.views.count(&code, &visitor);
        let counters = COUNTERS.at(self.node.name());
        let _ = self
            .node
            .cast(&counters, CountersMsg::Share(code, news))
            .await;
    }

    async fn aggregates(&self, code: Code) -> Aggregates {
        let counters = COUNTERS.at(self.node.name());
        let asked = self.node.call(&counters, |reply| CountersMsg::Views(code, reply)).await;
        let (redirects, visitors) = asked.unwrap_or_default();
        Aggregates { redirects, visitors }
    }
}

async fn read(store: &Store, code: &Code) -> Result<Link, Refusal> {
    match store.get(code).await {
        Ok(Some(link)) if !link.is_expired(now()) => Ok(link),
        Ok(_) => Err(Refusal::NotFound),
        Err(why) => Err(unavailable(why)),
    }
}

pub fn unavailable(why: StoreError) -> Refusal {
    Refusal::Unavailable(why.to_string())
}

fn unreachable(owner: &NodeName, why: &str) -> Refusal {
    Refusal::Unavailable(format!(
        "{owner} owns this code and cannot be reached: {why}"
    ))
}
// ── file counters.rs
// ── gap 0: messages of your own
CountersMsg::Views(code, reply) => {
    let known = self.views.aggregates(&code);
    reply.send((known.redirects, known.visitors));
}
// ── end 0
// ── file protocol.rs
// ── gap 0: more messages to the counters
Views(Code, Reply<(u64, Option<u64>)>),
// ── end 0
