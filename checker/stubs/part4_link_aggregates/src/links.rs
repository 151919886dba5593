//! What each node does for HTTP: it creates, looks up and counts links, whichever node owns them.
//!
//! The node that gets an HTTP request is the *entry*. It has the owner of the code do the work: see
//! [`Links`]. What an owner does is in [`Owned`].

use std::sync::Arc;
use std::time::Duration;

use runtime::{Function, Node, NodeName};
use serde::Serialize;
use serde::de::DeserializeOwned;
use shortener::cache::{CACHE, CacheMsg};
use shortener::{
    Aggregates, Claim, Code, Link, NewLink, Refusal, Service, Store, StoreError, Table, now,
};

use crate::protocol::{CLAIM, COUNTERS, CountersMsg, LOOK_UP, OWNER_TIMEOUT};
use crate::ring::Owners;
use crate::views::Views;

/// The links that this node owns.
///
/// A node that is asked as the owner does the work, whichever node its own ring names. While the
/// members change, two nodes may be asked as the owner of one code. That does no harm, because the
/// store gives each code away once.
#[derive(Clone)]
pub struct Owned {
    node: Node,
    store: Store,
    table: Arc<Table>,
}

impl Owned {
    /// The links that this node owns.
    pub fn new(node: Node, store: Store, table: Arc<Table>) -> Owned {
        Owned { node, store, table }
    }

    /// Registers the functions by which other nodes have this node create links and look them up.
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

    /// Claims the first of some codes for a link, unless the URL already has one of them.
    pub async fn claim(&self, codes: Vec<Code>, link: Link) -> Result<Claim, Refusal> {
        let claimed = self.store.claim(&codes, &link).await.map_err(unavailable)?;
        // The table gets the link after the store, because a link that is not in the store must not
        // be found here. Any code but the first has another owner, so this node does not keep
        // it. If that owner knows an earlier expiry, it asks the store when that expiry has come.
        match &claimed {
            Claim::Claimed(code) => self.table.put(code.clone(), link),
            Claim::Known(code, link) if *code == codes[0] => {
                self.table.put(code.clone(), link.clone())
            }
            Claim::Known(..) | Claim::Taken => {}
        }
        Ok(claimed)
    }

    /// The link of a code.
    pub async fn look_up(&self, code: Code) -> Result<Link, Refusal> {
        if let Some(link) = self.table.get(&code) {
            return Ok(link);
        }
        // Our cache asks the store once for all lookups that wait for the same code.
        let cache = CACHE.at(self.node.name());
        let asked = self
            .node
            .call(&cache, |reply| CacheMsg::Load(code.clone(), reply));
        match asked.await {
            Ok(answer) => answer,
            // The cache has crashed meanwhile. One more question to the store does no harm.
            Err(_) => read(&self.store, &code).await,
        }
    }
}

/// The links, as the entry creates them and looks them up.
#[derive(Clone)]
pub struct Links {
    node: Node,
    store: Store,
    owned: Owned,
    owners: Owners,
    views: Arc<Views>,
}

impl Links {
    /// The links, with this node as the entry.
    pub fn new(node: Node, store: Store, owned: Owned, owners: Owners, views: Arc<Views>) -> Links {
        Links {
            node,
            store,
            owned,
            owners,
            views,
        }
    }

    /// Has the owner of the first of some codes claim it for a link.
    async fn claim(&self, codes: Vec<Code>, link: Link) -> Result<Claim, Refusal> {
        // ── gap 1: no members
        // TODO(1): while the store lists no members, no node owns the code. The node must create
        // nothing and answer `Refusal::Unavailable`.
        // ── end 1
        // ── gap 2: have the owner claim it
        // TODO(2): the owner of the first code must claim it, by `CLAIM` (see `ask` below). If the
        // owner is another node, this node must neither claim a code nor keep the link.
        // ── end 2
        self.owned.claim(codes, link).await
    }

    /// Has the owner of a code look the link up.
    async fn find(&self, code: Code) -> Result<Link, Refusal> {
        // ── gap 2: have the owner look it up
        // TODO(2): the owner must look the code up, by `LOOK_UP`. This node must keep nothing of
        // the answer.
        // ── end 2
        self.owned.look_up(code).await
    }

    /// Runs a function on the owner of a code, which is another node, and waits for its answer.
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
            .run_on(owner, function, args.clone(), OWNER_TIMEOUT)
            .await;
        // ── gap 10: ask the second owner
        // TODO(10): when the owner does not answer, a second owner must do the work: a node that
        // every node finds for this code and this owner, without asking. Both attempts together
        // must take less than two seconds. This node must not be the second owner: it cannot know
        // whether it is the node that is cut off.
        // ── end 10
        asked.unwrap_or_else(|why| Err(unreachable(owner, &why)))
    }

    /// Runs a function on another node. Returns the reason if there is no answer.
    async fn run_on<A, R>(
        &self,
        node: &NodeName,
        function: &Function<A, R>,
        args: A,
        timeout: Duration,
    ) -> Result<R, String>
    where
        A: Serialize,
        R: DeserializeOwned,
    {
        // ── gap 2: a remote task
        todo!("TODO(2) run the function on that node, and wait for its result at most `timeout`")
        // ── end 2
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
                // The next code may have another owner.
                Claim::Taken => {}
            }
        }
        Err(Refusal::Taken)
    }

    async fn look_up(&self, code: Code) -> Result<Link, Refusal> {
        let found = self.find(code.clone()).await;
        // ── gap 3: answer without the owner
        // TODO(3): a lookup must not fail because the owner is unreachable: the store has the link
        // too.
        // ── end 3
        found
    }

    async fn viewed(&self, code: Code, visitor: String) {
        // ── gap 5: count a view and inform the other nodes
        // TODO(5): count the view on this node, and have the other nodes informed. This function
        // must wait neither for another node nor for this node's counters.
        // ── end 5
    }

    async fn aggregates(&self, code: Code) -> Aggregates {
        self.views.aggregates(&code)
    }
}

/// The link that the store has for a code.
async fn read(store: &Store, code: &Code) -> Result<Link, Refusal> {
    match store.get(code).await {
        Ok(Some(link)) if !link.is_expired(now()) => Ok(link),
        Ok(_) => Err(Refusal::NotFound),
        Err(why) => Err(unavailable(why)),
    }
}

/// The answer when the store did not answer. It is not `NotFound`, because we do not know whether
/// the link exists.
fn unavailable(why: StoreError) -> Refusal {
    Refusal::Unavailable(why.to_string())
}

/// The answer when the owner did not answer.
fn unreachable(owner: &NodeName, why: &str) -> Refusal {
    // ── gap 3: the owner cannot be reached
    todo!("TODO(3) the answer to a creation whose owner is unreachable")
    // ── end 3
}
