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
        // TODO(1): this node must follow the new link at once, without asking the store.
        // ── end 1
        // ── gap 2: have the link announced
        // TODO(2): this node must send the others the link. No node, whatever state it is in, may delay this
        // answer or make it fail: the store has the link, so it exists. This node's cache can send it
        // when it gets a `CacheMsg::Announce`.
        // ── end 2
        Ok(code)
    }

    async fn look_up(&self, code: Code) -> Result<Link, Refusal> {
        // ── gap 1: ask the table first, and fill it
        // TODO(1): a lookup that the table can answer must not ask the store. Otherwise the store is asked,
        // and its answer must be kept. A hundred visitors who ask for the same unknown code within a
        // second, or all at once, may cost the store at most five questions.
        //
        // One process of this node should know which lookups wait for which code: the cache,
        // `CACHE.at(self.node.name())`. It gets `CacheMsg::Load`, whose `Reply` it can keep and answer
        // later. A refusal from the cache is an answer, too. If the call itself fails, the store is asked
        // below.
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
