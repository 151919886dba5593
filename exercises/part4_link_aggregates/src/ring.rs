//! The ring: which node owns which code.
//!
//! Codes and nodes are hashed to places on one circle, and a code is owned by the node whose place
//! comes next (consistent hashing; Karger et al. 1997). Every node computes that for itself, from
//! the members that the store lists. So nobody has to be asked who owns a code, and when a member
//! comes or goes only its own share of the codes gets another owner.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{BuildHasher, Hash};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

use hashring::{DefaultHashBuilder, HashRing};
use runtime::{Ctx, NodeName, Server};
use shortener::{Code, Store};

use crate::protocol::{REFRESH_EVERY, RingMsg, RingState};

/// The places of some nodes on the circle.
#[derive(Default)]
pub struct Places {
    // ── gap 1: what a ring is made of
    // TODO(1): what you need to know of the places; the crate `hashring` has a ring to put here.
    // ── end 1
}

impl Places {
    /// The places of these nodes. In which order they are given does not matter, nor how often.
    pub fn of(members: &[NodeName]) -> Places {
        // ── gap 1: places for the members
        todo!(
            "TODO(1) a ring of these members, the same in every process, with fair shares for all"
        )
        // ── end 1
    }

    /// The node that owns a code; `None` if there is no node at all.
    pub fn owner(&self, code: &Code) -> Option<NodeName> {
        // ── gap 1: the next place
        todo!("TODO(1) the member that owns this code")
        // ── end 1
    }
}

/// The ring as one node knows it: written by its server, and read by everybody, side by side and
/// not through the server's mailbox. It outlives the server.
#[derive(Clone, Default)]
pub struct Owners(Arc<RwLock<Known>>);

#[derive(Default)]
struct Known {
    state: RingState,
    places: Places,
    /// Whether the store has taken this node in.
    is_member: bool,
}

impl Owners {
    /// The node that owns a code; `None` if no member is known.
    pub fn of(&self, code: &Code) -> Option<NodeName> {
        self.known().places.owner(code)
    }

    /// What is known of the members.
    pub fn state(&self) -> RingState {
        self.known().state.clone()
    }

    /// Takes what the store has said about the members, or why it has said nothing.
    pub fn learn(&self, read: Result<Vec<NodeName>, String>) {
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        // ── gap 1: the members, as the store lists them
        // TODO(1): from now on `of` and `state` go by what the store lists, whoever is up, and however
        // often and in whichever order it names a member. When the store said nothing, the ring stays as
        // it was, and `RingState::stale` says why it may be old.
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
    // ── gap 10: who comes next
    // ── end 10
}

/// The server of one node that keeps the ring up to date.
pub struct Ring {
    store: Store,
    owners: Owners,
}

/// What a ring's server starts with.
#[derive(Clone)]
pub struct RingArgs {
    /// The store.
    pub store: Store,
    /// What it keeps up to date.
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
    /// Reads the members from the store, beside the server, which can be asked meanwhile. Before
    /// that, adds this node to them, until that has succeeded once.
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

    /// The store has said who is a member, or it has not.
    fn was_read(&self, read: Result<Vec<NodeName>, String>, ctx: &Ctx<RingMsg>) {
        self.owners.learn(read);
        // Only now, so that a slow store does not let these pile up, nor overtake each other.
        ctx.send_after(REFRESH_EVERY, RingMsg::Refresh);
    }
}

// ── gap 1: the places of a node
// ── end 1
