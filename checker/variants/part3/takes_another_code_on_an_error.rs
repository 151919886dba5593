//! kind = "near-miss"
//! problem = 5
//! claim = "a retry leads to the same code"
//! about = "When the store did not answer, the next code that the URL may get is tried."
//! mistakes = ["another-code-on-a-retry"]

// ── file links.rs
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use runtime::Node;
use shortener::{Aggregates, Claim, Code, Link, NewLink, Refusal, Service, Store, StoreError, now};

use crate::protocol::{CACHE, CacheMsg};
use crate::table::{Known, Table};

#[derive(Clone)]
pub struct Links {
    node: Node,
    store: Store,
    table: Arc<Table>,
    views: Arc<Mutex<BTreeMap<Code, u64>>>,
}

impl Links {
    pub fn new(node: Node, store: Store, table: Arc<Table>) -> Links {
        Links {
            node,
            store,
            table,
            views: Arc::default(),
        }
    }

    async fn claim(&self, new: NewLink) -> Result<(Code, Link), Refusal> {
        let codes = match new.code {
            Some(code) => vec![code],
            None => Code::candidates(&new.link.url),
        };
        static TRIES: std::sync::Mutex<BTreeMap<String, usize>> = std::sync::Mutex::new(BTreeMap::new());
        let url = new.link.url.clone();
        let first = TRIES.lock().map_or(0, |tries| tries.get(&url).copied().unwrap_or(0));
        for choice in first % codes.len()..codes.len() {
            let claimed = self.store.claim(&codes[choice..][..1], &new.link).await;
            if claimed.is_err() && let Ok(mut tries) = TRIES.lock() {
                *tries.entry(url.clone()).or_default() += 1;
            }
            match claimed.map_err(unavailable)? {
                Claim::Claimed(code) => return Ok((code, new.link)),
                Claim::Known(code, link) => return Ok((code, link)),
                Claim::Taken => {}
            }
        }
        Err(Refusal::Taken)
    }
}

impl Service for Links {
    async fn create(&self, new: NewLink) -> Result<Code, Refusal> {
        let (code, link) = self.claim(new).await?;
        self.table.put(code.clone(), link.clone());
        let cache = CACHE.at(self.node.name());
        let _ = self
            .node
            .cast(&cache, CacheMsg::Announce(code.clone(), link))
            .await;
        Ok(code)
    }

    async fn look_up(&self, code: Code) -> Result<Link, Refusal> {
        match self.table.get(&code) {
            Some(Known::Link(link)) => return Ok(link),
            Some(Known::Nothing) => return Err(Refusal::NotFound),
            None => {}
        }
        let cache = CACHE.at(self.node.name());
        let asked = self
            .node
            .call(&cache, |reply| CacheMsg::Load(code.clone(), reply));
        if let Ok(answer) = asked.await {
            return answer;
        }
        match self.store.get(&code).await {
            Ok(Some(link)) if !link.is_expired(now()) => Ok(link),
            Ok(_) => Err(Refusal::NotFound),
            Err(why) => Err(unavailable(why)),
        }
    }

    async fn viewed(&self, code: Code, _visitor: String) {
        let mut views = self.views.lock().unwrap_or_else(PoisonError::into_inner);
        *views.entry(code).or_default() += 1;
    }

    async fn aggregates(&self, code: Code) -> Aggregates {
        let views = self.views.lock().unwrap_or_else(PoisonError::into_inner);
        Aggregates {
            redirects: views.get(&code).copied().unwrap_or_default(),
            visitors: None,
        }
    }
}

pub fn unavailable(why: StoreError) -> Refusal {
    Refusal::Unavailable(why.to_string())
}
