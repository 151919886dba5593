//! The ring: which node owns which code.
//!
//! A hash gives codes and nodes their places on one circle. The node whose place comes next owns a
//! code (consistent hashing; Karger et al. 1997). Every node computes the owner from the members
//! that the store lists, and asks no other node. When a member comes or goes, only its own share of
//! the codes gets another owner.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{BuildHasher, Hash};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

use hashring::{DefaultHashBuilder, HashRing};
use runtime::{Ctx, NodeName, Server};
use shortener::{Code, Store};

use crate::protocol::{REFRESH_INTERVAL, RingMsg, RingState};

/// The places of some nodes on the circle.
#[derive(Default)]
pub struct Places {
    // ── gap 1: what a ring is made of
    // TODO(1): what you need to know about the places. The crate `hashring` has a ring that fits here.
    // ── end 1
}

impl Places {
    /// The places of these nodes. Their order does not matter, and neither do duplicates.
    pub fn of(members: &[NodeName]) -> Places {
        // ── gap 1: places for the members
        todo!(
            "TODO(1) a ring of these members: the same in every process, with a fair share for each"
        )
        // ── end 1
    }

    /// The node that owns a code; `None` if the ring has no node.
    pub fn owner(&self, code: &Code) -> Option<NodeName> {
        // ── gap 1: the next place
        todo!("TODO(1) the member that owns this code")
        // ── end 1
    }
}

/// The ring as one node knows it. The node's ring server writes it. All requests read it directly,
/// and not through the server's mailbox. It survives a crash of the server.
#[derive(Clone, Default)]
pub struct Owners(Arc<RwLock<Known>>);

#[derive(Default)]
struct Known {
    state: RingState,
    places: Places,
    /// Whether the store lists this node.
    is_member: bool,
}

impl Owners {
    /// The node that owns a code; `None` if the node knows no member.
    pub fn of(&self, code: &Code) -> Option<NodeName> {
        self.known().places.owner(code)
    }

    /// What this node knows of the members.
    pub fn state(&self) -> RingState {
        self.known().state.clone()
    }

    /// Takes the members from the store, or the reason why the store did not answer.
    pub fn learn(&self, read: Result<Vec<NodeName>, String>) {
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        // ── gap 1: the members, as the store lists them
        // TODO(1): from now on, `of` and `state` must follow what the store lists: whichever nodes
        // are up, in whatever order the store lists the members, and however often. When the store
        // did not answer, the ring must stay as it was, and `RingState::stale` must say why it may
        // be old.
        // ── end 1
    }

    fn is_member(&self) -> bool {
        self.known().is_member
    }

    fn became_member(&self) {
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        known.is_member = true;
    }

    fn known(&self) -> RwLockReadGuard<'_, Known> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }
    // ── gap 10: the second owner
    // ── end 10
}

/// The server of one node that keeps the ring up to date.
pub struct Ring {
    store: Store,
    owners: Owners,
}

/// The arguments of a ring's server.
#[derive(Clone)]
pub struct RingArgs {
    /// The store.
    pub store: Store,
    /// The ring that the server keeps up to date.
    pub owners: Owners,
}

impl Server for Ring {
    type Msg = RingMsg;
    type Args = RingArgs;

    async fn init(RingArgs { store, owners }: RingArgs, ctx: &Ctx<RingMsg>) -> Self {
        ctx.send_self(RingMsg::Refresh);
        Ring { store, owners }
    }

    async fn handle(&mut self, msg: RingMsg, ctx: &Ctx<RingMsg>) {
        match msg {
            RingMsg::State(reply) => reply.send(self.owners.state()),
            RingMsg::Owners(codes, reply) => {
                reply.send(codes.iter().map(|code| self.owners.of(code)).collect());
            }
            RingMsg::Try(members, codes, reply) => {
                let places = Places::of(&members);
                reply.send(codes.iter().map(|code| places.owner(code)).collect());
            }
            RingMsg::Refresh => self.refresh(ctx),
            RingMsg::Read(read) => self.was_read(read, ctx),
        }
    }
}

impl Ring {
    /// Reads the members from the store, in a task, so that the server can answer meanwhile. Until
    /// that has succeeded once, the task first adds this node to the members.
    fn refresh(&self, ctx: &Ctx<RingMsg>) {
        let (store, owners, me) = (self.store.clone(), self.owners.clone(), ctx.clone());
        ctx.spawn(async move {
            if !owners.is_member() && store.add_member(me.name()).await.is_ok() {
                owners.became_member();
            }
            let read = store.members().await.map_err(|why| why.to_string());
            me.send_self(RingMsg::Read(read));
        });
    }

    /// Takes the store's answer, and plans the next read.
    fn was_read(&self, read: Result<Vec<NodeName>, String>, ctx: &Ctx<RingMsg>) {
        self.owners.learn(read);
        // Not before: with a slow store, these messages would pile up and overtake each other.
        ctx.send_after(REFRESH_INTERVAL, RingMsg::Refresh);
    }
}

// ── gap 1: the places of a node
// ── end 1
