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
        // We could claim it ourselves, and all others would too. But then nobody owns it, and no
        // look-up finds the one table that has it.
        if self.owners.of(&codes[0]).is_none() {
            let why = self.owners.state().stale;
            let why = why.unwrap_or_else(|| "the store lists no members".to_owned());
            return Err(Refusal::Unavailable(format!(
                "nobody owns this code: {why}"
            )));
        }
        // ── end 1
        // ── gap 2: have the owner claim it
        if let Some(owner) = self.owners.of(&codes[0])
            && owner != *self.node.name()
        {
            let code = codes[0].clone();
            return self.ask(&code, &owner, &CLAIM, (codes, link)).await;
        }
        // ── end 2
        self.owned.claim(codes, link).await
    }

    /// Has a link looked up by its owner.
    async fn find(&self, code: Code) -> Result<Link, Refusal> {
        // ── gap 2: have the owner look it up
        // Nothing is kept of what it answers. A copy here would answer faster, and make this a
        // cluster in which again each node has everything.
        match self.owners.of(&code) {
            Some(owner) if owner == *self.node.name() => {}
            Some(owner) => return self.ask(&code, &owner, &LOOK_UP, code.clone()).await,
            None => return read(&self.store, &code).await,
        }
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
        // The one that would be the owner without the first. It may be that the first has done its
        // work, and only its answer is lost; then the store tells the second so.
        //
        // Never this node itself. If it cannot reach the owner, it may be the one that is cut off,
        // and cannot tell. That another node can be reached is the sign that it is not.
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
        // One time limit around everything, as there may be no link, and to make one takes its own
        // time. When the time is up, the task is dropped here, and so ended over there. It may have
        // done its work all the same, and we cannot know. That is why whatever is run like this must
        // be good to run twice.
        //
        // The owner is not sent a message that some server passes on: the answer would have to find
        // its way back to this request, and what has to wait would wait for others.
        let run = self.node.run_on(node, function, args);
        match tokio::time::timeout(within, run).await {
            Ok(ran) => ran.map_err(|why| why.to_string()),
            Err(_) => Err(format!("no answer within {} ms", within.as_millis())),
        }
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
        // The store has every link; the owner only spares it work. What is read here is not kept: we
        // are not the owner, nobody would tell us when the link ends, and soon each node would have
        // a copy.
        //
        // Also when the owner has answered that it cannot reach the store: perhaps we can.
        if let Err(Refusal::Unavailable(_)) = found {
            return read(&self.store, &code).await;
        }
        // ── end 3
        found
    }

    async fn viewed(&self, code: Code, visitor: String) {
        // ── gap 5: count a view, and have the others told
        // It counts at once, here, whoever can be reached: a counter that asked another node first,
        // the owner say, would stand still in a netsplit. The others are told by our server, for
        // which nobody waits. If it is just being restarted, they are told when it meets them again.
        let news = self.views.count(&code, &visitor);
        let counters = COUNTERS.at(self.node.name());
        let _ = self
            .node
            .cast(&counters, CountersMsg::Share(code, news))
            .await;
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
    // It is tempting to claim the code ourselves, as the store would see to it that nobody else has
    // it. Then nodes that are cut off would each do the work of all, and who owns a code would mean
    // nothing just when it matters. So we say how it is, and the client comes again.
    Refusal::Unavailable(format!(
        "{owner} owns this code and cannot be reached: {why}"
    ))
    // ── end 3
}
