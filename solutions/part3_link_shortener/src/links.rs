//! The service behind HTTP: it creates links, and looks them up.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use runtime::Node;
use shortener::{Aggregates, Claim, Code, Link, NewLink, Refusal, Service, Store, StoreError, now};

use crate::protocol::{CACHE, CacheMsg};
use crate::table::{Known, Table};

/// The links, as one node creates them and looks them up.
#[derive(Clone)]
pub struct Links {
    node: Node,
    store: Store,
    table: Arc<Table>,
    /// How often each link was followed on this node. Part 4 adds the other nodes.
    views: Arc<Mutex<BTreeMap<Code, u64>>>,
}

impl Links {
    /// The links of this node.
    pub fn new(node: Node, store: Store, table: Arc<Table>) -> Links {
        Links {
            node,
            store,
            table,
            views: Arc::default(),
        }
    }

    /// Claims a code for a link in the store: the code that the client chose, or the code that the URL
    /// has already, or the first free one of those that the URL may get.
    async fn claim(&self, new: NewLink) -> Result<(Code, Link), Refusal> {
        let codes = match new.code {
            Some(code) => vec![code],
            None => Code::candidates(&new.link.url),
        };
        for choice in 0..codes.len() {
            let claimed = self.store.claim(&codes[choice..], &new.link).await;
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
        // ── gap 1: keep the new link
        // After the store has it, not before: a table must not have a link that the store does not have.
        self.table.put(code.clone(), link.clone());
        // ── end 1
        // ── gap 2: have the link announced
        // By our cache, so that this request waits neither for a paused node nor for a full connection. If
        // the cache is just being restarted, the other nodes are not sent the link; they find it in the
        // store.
        let cache = CACHE.at(self.node.name());
        let _ = self
            .node
            .cast(&cache, CacheMsg::Announce(code.clone(), link))
            .await;
        // ── end 2
        Ok(code)
    }

    async fn look_up(&self, code: Code) -> Result<Link, Refusal> {
        // ── gap 1: ask the table first, and fill it
        match self.table.get(&code) {
            Some(Known::Link(link)) => return Ok(link),
            Some(Known::Absent) => return Err(Refusal::NotFound),
            None => {}
        }
        // Our cache asks the store, once for all lookups that wait for a code. If each lookup asked for
        // itself, a hundred visitors of a new link would ask a hundred times before the first of them had
        // an answer: a thundering herd.
        let cache = CACHE.at(self.node.name());
        let asked = self
            .node
            .call(&cache, |reply| CacheMsg::Load(code.clone(), reply));
        if let Ok(answer) = asked.await {
            return answer;
        }
        // The cache has crashed meanwhile. One more question to the store does no harm.
        // ── end 1
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

/// The refusal when the store fails: 503, and not `NotFound`, because this node cannot know whether there
/// is such a link. A client trusts a 404; after a 503 it tries again.
pub fn unavailable(why: StoreError) -> Refusal {
    Refusal::Unavailable(why.to_string())
}
