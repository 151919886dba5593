//! What stands behind HTTP: how a link is created, and how it is looked up.

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
    /// How often a link was followed on this node. Part 4 is about the other nodes.
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

    /// Claims a code for a link in the store: the one that was asked for, or the first of those
    /// that its URL may get which is free. If the URL has one already, that one.
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
        // ── gap 1: keep what was created
        // TODO(1): whoever has just created a link can follow it on this node at once, without a
        // question to the store.
        // ── end 1
        // ── gap 2: have the others told
        // TODO(2): see to it that the other nodes are told, too. None of them, whatever state it is in,
        // may delay this answer or make it fail: the link is in the store, so it exists. This node's
        // cache can do it, when it is sent `CacheMsg::Announce`.
        // ── end 2
        Ok(code)
    }

    async fn look_up(&self, code: Code) -> Result<Link, Refusal> {
        // ── gap 1: ask the table first, and fill it
        // TODO(1): what the table knows is answered without the store. For what it does not know, the
        // store is asked, and the answer is kept. A hundred visitors who ask for the same unknown code
        // within a second, or all at once, cause at most five questions to the store.
        //
        // It helps if one process of this node knows who waits for what: `CACHE.at(self.node.name())`,
        // and `CacheMsg::Load`, whose `Reply` can be kept and answered later. A refusal from the cache is
        // an answer, too. Only if the call itself fails, the store is asked below.
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

/// What is answered when the store gave no answer: not `NotFound`, as whether there is such a link
/// is just what we do not know. A client would take it for the truth, while of a 503 it knows to
/// come again.
pub fn unavailable(why: StoreError) -> Refusal {
    Refusal::Unavailable(why.to_string())
}
