//! The ring: which node owns which code.
//!
//! Codes and nodes are hashed to places on one circle, and a code is owned by the node whose place
//! comes next (consistent hashing; Karger et al. 1997). Every node computes that for itself, from
//! the members that the store lists. So nobody has to be asked who owns a code, and when a member
//! comes or goes only its own share of the codes gets another owner.

use std::collections::BTreeSet;
use std::sync::{Arc, PoisonError, RwLock};

use hashring::HashRing;
use runtime::{Ctx, NodeName, Server};
use shortener::{Code, Store};

use crate::protocol::{REFRESH_EVERY, RingMsg, RingState};

/// The places of some nodes on the circle.
#[derive(Default)]
pub struct Places {
    // ── gap 1: what a ring is made of
    ring: HashRing<Place>,
    // ── end 1
}

impl Places {
    /// The places of these nodes. In which order they are given does not matter, nor how often.
    pub fn of(members: &[NodeName]) -> Places {
        // ── gap 1: places for the members
        // Many for each: with one, the luck of a single throw would decide how much of the circle
        // a node gets, and some would get ten times as much as others.
        //
        // They follow from the name alone, by a hash that has the same key everywhere. The hash of
        // a `HashMap` would be tempting, and has another key in each process: all would be well on
        // one node, and no two nodes would agree.
        let members: BTreeSet<&NodeName> = members.iter().collect();
        let places = members.into_iter().flat_map(|node| {
            (0..PLACES).map(|number| Place {
                node: node.clone(),
                number,
            })
        });
        let mut ring = HashRing::new();
        ring.batch_add(places.collect());
        Places { ring }
        // ── end 1
    }

    /// The node that owns a code; `None` if there is no node at all.
    pub fn owner(&self, code: &Code) -> Option<NodeName> {
        // ── gap 1: the next place
        self.ring.get(code).map(|place| place.node.clone())
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
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        known.places.owner(code)
    }

    /// What is known of the members.
    pub fn state(&self) -> RingState {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        known.state.clone()
    }

    /// Takes what the store has said about the members, or why it has said nothing.
    pub fn learn(&self, read: Result<Vec<NodeName>, String>) {
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        // ── gap 1: the members, as the store lists them
        // Not the nodes that we are connected to: two sides of a netsplit would each make a ring of
        // their own, and a node that is only being restarted would hand over its codes and get them
        // back at once. For the same reason nothing changes when the store does not answer.
        match read {
            Ok(members) => {
                let members: BTreeSet<NodeName> = members.into_iter().collect();
                let members: Vec<NodeName> = members.into_iter().collect();
                if members != known.state.members {
                    known.places = Places::of(&members);
                    known.state.members = members;
                }
                known.state.stale = None;
            }
            Err(why) => known.state.stale = Some(why),
        }
        // ── end 1
    }

    fn is_member(&self) -> bool {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        known.is_member
    }

    fn became_member(&self) {
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        known.is_member = true;
    }
    // ── gap 10: who comes next
    /// The node that would own a code if some nodes were no members: the next one on the ring.
    pub fn without(&self, absent: &[&NodeName], code: &Code) -> Option<NodeName> {
        let mut members = self.state().members;
        members.retain(|member| !absent.contains(&member));
        Places::of(&members).owner(code)
    }
    // ── end 10
    // ── gap 0: functions of your own
    // ── end 0
}

/// The server of one node that keeps the ring up to date.
pub struct Ring {
    store: Store,
    owners: Owners,
    // ── gap 0: fields of your own
    // ── end 0
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
        // ── gap 0: whatever else is to do at the start
        // ── end 0
        Ring {
            store,
            owners,
            // ── gap 0: first values of your fields
            // ── end 0
        }
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
            RingMsg::Read(read) => {
                self.owners.learn(read);
                // Only now, so that a slow store does not let these pile up, nor overtake each
                // other.
                ctx.send_after(REFRESH_EVERY, RingMsg::Refresh);
            } // ── gap 0: messages of your own
              // ── end 0
        }
    }
    // ── gap 0: news from the runtime
    // ── end 0
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
    // ── gap 0: functions of your own
    // ── end 0
}

// ── gap 1: the places of a node
/// How many places each node has: enough for the shares of ten nodes to differ by less than a fifth
/// from each other's mean. (They get more even with the square root of this number.)
const PLACES: u32 = 1024;

/// One place of a node; where it is, its hash says.
#[derive(Hash)]
struct Place {
    node: NodeName,
    number: u32,
}
// ── end 1

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    const CODES: usize = 10_000;

    fn codes() -> Vec<Code> {
        let url = |number| format!("https://example.org/{number}");
        let first = |number| Code::candidates(&url(number)).swap_remove(0);
        (0..CODES).map(first).collect()
    }

    /// Clusters whose nodes are called in different ways.
    fn names() -> Vec<Vec<NodeName>> {
        let names = |name: fn(usize) -> String| (1..=10).map(move |n| name(n).parse().unwrap());
        let metals = [
            "gold", "silver", "copper", "iron", "tin", "lead", "zinc", "nickel", "mercury",
            "cobalt",
        ];
        vec![
            names(|n| format!("n{n}@127.0.0.1")).collect(),
            names(|n| format!("n{n}@sim")).collect(),
            names(|n| format!("node-{n:03}@10.0.0.{n}")).collect(),
            names(|n| format!("{}@localhost", "x".repeat(n))).collect(),
            metals
                .map(|metal| format!("{metal}@127.0.0.1").parse().unwrap())
                .to_vec(),
        ]
    }

    fn owners(members: &[NodeName], codes: &[Code]) -> Vec<NodeName> {
        let places = Places::of(members);
        codes
            .iter()
            .map(|code| places.owner(code).unwrap())
            .collect()
    }

    #[test]
    fn shares_are_even() {
        let codes = codes();
        let mut worst = 0.0_f64;
        for names in names() {
            for size in 3..=10 {
                let mut shares: BTreeMap<NodeName, usize> = BTreeMap::new();
                for owner in owners(&names[..size], &codes) {
                    *shares.entry(owner).or_default() += 1;
                }
                assert_eq!(shares.len(), size);
                for (node, share) in shares {
                    let off = (share * size) as f64 / CODES as f64 - 1.0;
                    assert!(off.abs() < 0.2, "{node}, one of {size}: {share}");
                    worst = worst.max(off.abs());
                }
            }
        }
        println!("at most {worst:.3} off");
    }

    #[test]
    fn codes_move_only_to_a_new_member_and_from_a_former_one() {
        let codes = codes();
        let mut worst = 0.0_f64;
        for names in names() {
            for size in 3..=10 {
                let (fewer, more) = (&names[..size - 1], &names[..size]);
                let (before, after) = (owners(fewer, &codes), owners(more, &codes));
                let moved = before
                    .iter()
                    .zip(&after)
                    .filter(|(before, after)| before != after);
                assert!(moved.clone().all(|(_, after)| *after == names[size - 1]));
                let moved = (moved.count() * size) as f64 / CODES as f64;
                assert!(moved <= 1.3, "{moved} of a fair share, with {size} members");
                worst = worst.max(moved);
            }
        }
        println!("at most {worst:.3} of a fair share moved");
    }

    #[test]
    fn order_and_duplicates_of_members_do_not_matter() {
        let codes = codes();
        let names = &names()[0][..3];
        let [n1, n2, n3] = [&names[0], &names[1], &names[2]].map(Clone::clone);
        let others = [n3.clone(), n1.clone(), n2, n1, n3];
        assert_eq!(owners(names, &codes), owners(&others, &codes));
    }

    #[test]
    fn ring_is_the_same_in_every_process() {
        let owners = owners(&names()[0], &codes()[..8]);
        let short: Vec<&str> = owners.iter().map(NodeName::short).collect();
        assert_eq!(short, [""; 8]);
    }

    #[test]
    fn nobody_owns_anything_without_members() {
        assert_eq!(Places::of(&[]).owner(&codes()[0]), None);
    }

    #[test]
    fn members_that_cannot_be_read_stay() {
        let owners = Owners::default();
        let code = &codes()[0];
        assert_eq!(owners.of(code), None);
        let n1: NodeName = "n1@sim".parse().unwrap();
        owners.learn(Ok(vec![n1.clone(), n1.clone()]));
        owners.learn(Err("the store is away".into()));
        assert_eq!(owners.of(code), Some(n1.clone()));
        let stale = Some("the store is away".to_owned());
        assert_eq!(
            owners.state(),
            RingState {
                members: vec![n1],
                stale
            }
        );
        owners.learn(Ok(vec![]));
        assert_eq!(owners.of(code), None);
        assert_eq!(owners.state(), RingState::default());
    }
}
