//! What stands behind HTTP: how a link is created, looked up and counted, wherever it lives.
//!
//! Whoever is asked over HTTP, the *entry*, has the owner of the code do the work: [`Links`] is
//! about that. What an owner does stands in [`Owned`].

use std::sync::Arc;
use std::time::Duration;

use runtime::{Function, Node, NodeName};
use serde::Serialize;
use serde::de::DeserializeOwned;
use shortener::cache::{CACHE, CacheMsg};
use shortener::{
    Aggregates, Claim, Code, Link, NewLink, Refusal, Service, Store, StoreError, Table, now,
};

use crate::protocol::{CLAIM, COUNTERS, CountersMsg, LOOK_UP, OWNER_WITHIN};
use crate::ring::Owners;
use crate::views::Views;

/// The links that this node owns.
///
/// The owner of a code does what it is asked to, whoever its own ring says the owner is. While
/// members come and go, two nodes may be taken for the owner of one code, and both are right enough:
/// the store gives each code away once.
#[derive(Clone)]
pub struct Owned {
    node: Node,
    store: Store,
    table: Arc<Table>,
}

impl Owned {
    /// What this node owns.
    pub fn new(node: Node, store: Store, table: Arc<Table>) -> Owned {
        Owned { node, store, table }
    }

    /// Lets other nodes have links created and looked up here.
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

    /// Claims the first of some codes for a link, unless the URL has one of them already.
    pub async fn claim(&self, codes: Vec<Code>, link: Link) -> Result<Claim, Refusal> {
        let claimed = self.store.claim(&codes, &link).await.map_err(unavailable)?;
        // After the store has it, not before: what is not in the store must not be found here. One
        // of the other codes has another owner, and is not kept. If that owner knows an earlier end,
        // it asks the store when that has come.
        match &claimed {
            Claim::Claimed(code) => self.table.put(code.clone(), link),
            Claim::Known(code, link) if *code == codes[0] => {
                self.table.put(code.clone(), link.clone())
            }
            Claim::Known(..) | Claim::Taken => {}
        }
        Ok(claimed)
    }

    /// The link that a code stands for.
    pub async fn look_up(&self, code: Code) -> Result<Link, Refusal> {
        if let Some(link) = self.table.get(&code) {
            return Ok(link);
        }
        // Our cache asks the store, once for all who wait for the same code.
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
    /// The links, by way of this node.
    pub fn new(node: Node, store: Store, owned: Owned, owners: Owners, views: Arc<Views>) -> Links {
        Links {
            node,
            store,
            owned,
            owners,
            views,
        }
    }

    /// Has the first of some codes claimed for a link by its owner.
    async fn claim(&self, codes: Vec<Code>, link: Link) -> Result<Claim, Refusal> {
        // ── gap 1: nobody is a member
        // TODO(1): when nobody is a member, nobody owns the code, and nothing is created.
        // ── end 1
        // ── gap 2: have the owner claim it
        // TODO(2): it is the owner of the first code who claims it, by `CLAIM` (see `ask` below); if that
        // is another node, then nothing is claimed or kept here.
        // ── end 2
        self.owned.claim(codes, link).await
    }

    /// Has a link looked up by its owner.
    async fn find(&self, code: Code) -> Result<Link, Refusal> {
        // ── gap 2: have the owner look it up
        // TODO(2): it is the owner who looks a code up, by `LOOK_UP`. Nothing of what it answers is kept
        // here.
        // ── end 2
        self.owned.look_up(code).await
    }

    /// Has another node, the owner of a code, do what an owner does, and waits for its answer.
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
        // ── gap 10: ask the second owner
        // TODO(10): when the owner has not answered, another node stands in for it: one that every node
        // finds, without asking, for this code and this owner. Both together take less than two seconds.
        // This node stands in for nobody: it cannot know whether it is the one that is cut off.
        // ── end 10
        asked.unwrap_or_else(|why| Err(unreachable(owner, &why)))
    }

    /// Has a function run on another node. Says why, if there is no answer.
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
        // ── gap 2: a remote task
        todo!(
            "TODO(2) run the function on that node, and wait for its result no longer than `within`"
        )
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
                // The next one may have another owner.
                Claim::Taken => {}
            }
        }
        Err(Refusal::Taken)
    }

    async fn look_up(&self, code: Code) -> Result<Link, Refusal> {
        let found = self.find(code.clone()).await;
        // ── gap 3: answer without the owner
        // TODO(3): a look-up need not fail because the owner is out of reach: the store has the link, too.
        // ── end 3
        found
    }

    async fn viewed(&self, code: Code, visitor: String) {
        // ── gap 5: count a view, and have the others told
        // TODO(5): count the view on this node, and see to it that the others are told, without waiting
        // for anybody: not for another node, and not for this node's server either.
        // ── end 5
    }

    async fn aggregates(&self, code: Code) -> Aggregates {
        self.views.aggregates(&code)
    }
}

/// The link that the store has under a code.
async fn read(store: &Store, code: &Code) -> Result<Link, Refusal> {
    match store.get(code).await {
        Ok(Some(link)) if !link.is_expired(now()) => Ok(link),
        Ok(_) => Err(Refusal::NotFound),
        Err(why) => Err(unavailable(why)),
    }
}

/// What is answered when the store gave no answer: not `NotFound`, as whether there is such a link
/// is just what we do not know.
fn unavailable(why: StoreError) -> Refusal {
    Refusal::Unavailable(why.to_string())
}

/// What is answered when the owner gave no answer.
fn unreachable(owner: &NodeName, why: &str) -> Refusal {
    // ── gap 3: the owner cannot be reached
    todo!("TODO(3) what is answered when something must be created, and its owner is out of reach")
    // ── end 3
}
