//! Part 4, a link shortener that grows with its nodes: each link has one owner, and everybody counts.
//!
//! On each node runs an HTTP server, which is given, and asks `links.rs`. In part 3 every node had
//! all links in its table; more nodes made it safer, but gave no room for more links. Now a *ring*
//! says which node owns a code. The node that is asked, the *entry*, has the owner do the work; only
//! the owner has the link in its table. All nodes use one store, a Redis server, as before.
//!
//! How often a link was followed is counted where it happens, on every node, in a *counter* that
//! needs nobody's consent, and comes out right however late the nodes hear of each other.
//!
//! Given are HTTP and the store (the package `shortener`), table, cache and sweeper from part 3, the
//! messages (`protocol.rs`), and a service in which each node does everything by itself. Yours are
//! the gaps, each with the number of its problem:
//!
//! 1. *Ring*: who owns a code (`ring.rs`).
//! 2. *Route*: the owner does the work (`links.rs`).
//! 3. *Owner unreachable*: what is answered then (`links.rs`).
//! 4. *G-Counter*: a counter for many (`g_counter.rs`).
//! 5. *Aggregates*: views are counted, and all hear of them (`views.rs`, `counters.rs`, `links.rs`).
//! 6. *Netsplits*: nodes that could not reach each other know the same when they can (`counters.rs`).
//! 7. *Restarts*: nothing is lost that anybody knew, and nothing that comes after (`counters.rs`).
//! 8. *Efficiency*: what differs is sent, and little else (`views.rs`, `counters.rs`).
//! 9. *Unique visitors*, if you like: how many different ones there were (`visitors.rs`, `views.rs`).
//! 10. *A second owner*, if you like: the death of one node keeps nobody waiting (`ring.rs`,
//!     `links.rs`).
//!
//! Your way may need more than that: add fields, messages, functions and files of your own wherever
//! you like, between the markers and outside of them. The text of part 4 in TRAINING.md has hints.
//!
//! ```text
//! cargo checker part4
//! ```
// What is given leaves room that this solution has no use for.
#![allow(unused_variables, unused_mut)]
#![allow(
    clippy::single_match,
    clippy::match_single_binding,
    clippy::let_and_return
)]

use std::sync::Arc;

use runtime::{Address, ExitReason, Node, StartError, Supervisor, SupervisorMsg};
use shortener::cache::{CACHE, Cache, CacheArgs};
use shortener::http::HttpArgs;
use shortener::sweeper::{SWEEPER, Sweeper};
use shortener::{Flags, HTTP, Http, Table};

pub mod counters;
pub mod g_counter;
pub mod links;
pub mod protocol;
pub mod ring;
pub mod views;
pub mod visitors;

use counters::Counters;
use links::{Links, Owned};
use protocol::{COUNTERS, MAX_CACHED_LINKS, RING};
use ring::{Owners, Ring, RingArgs};
use views::Views;

/// Which sources this program was built from; the checker sets and compares it.
pub const SOURCE_HASH: Option<&str> = option_env!("COURSE_SOURCE_HASH");

/// Starts part 4 on a node. Each server is started again when it crashes, and only that one; what
/// they know of links, of owners and of views is nobody's own, and outlives them all.
///
/// # Errors
/// [`StartError`] when one of them does not start.
pub async fn start(node: Node, flags: Flags) -> Result<Address<SupervisorMsg>, StartError> {
    let store = flags
        .open_store()
        .map_err(|why| StartError::Init(ExitReason::Failed(why)))?;
    let table = Arc::new(Table::with_room_for(MAX_CACHED_LINKS));
    let (owners, views) = (Owners::default(), Arc::new(Views::default()));
    let owned = Owned::new(node.clone(), store.clone(), table.clone());
    owned.register();
    let links = Links::new(
        node.clone(),
        store.clone(),
        owned,
        owners.clone(),
        views.clone(),
    );
    let ring = RingArgs {
        store: store.clone(),
        owners,
    };
    let cache = CacheArgs {
        store: store.clone(),
        table,
    };
    let http = HttpArgs {
        port: flags.http,
        service: links,
    };
    Supervisor::one_for_one()
        .child::<Ring>(&RING, ring)
        .child::<Cache>(&CACHE, cache)
        .child::<Sweeper>(&SWEEPER, store)
        .child::<Counters>(&COUNTERS, views)
        .child::<Http<Links>>(&HTTP, http)
        .start(&node)
        .await
}
