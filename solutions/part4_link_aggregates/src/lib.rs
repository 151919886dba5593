//! Part 4, a link shortener that grows with its nodes: each link has one owner, and every node counts.
//!
//! Each node runs an HTTP server, which is given and asks `links.rs`. In part 3, every node had all
//! links in its table: more nodes made the service safer, but left no room for more links. Now a
//! *ring* says which node owns a code. The node that gets a request, the *entry*, has the owner do the
//! work, and only the owner has the link in its table. All nodes use one store, a Redis server, as
//! before.
//!
//! Every node counts the views that it serves, in a *counter* that needs no agreement and is right however
//! late the nodes learn of each other's views.
//!
//! The package `shortener` gives you HTTP, the store, and the table, cache and sweeper of part 3. This
//! package gives you the messages (`protocol.rs`), and a service in which each node does everything by
//! itself. You fill the gaps, each with the number of its problem:
//!
//! 1. *Ring*: which node owns a code (`ring.rs`, `links.rs`).
//! 2. *Route*: the owner does the work (`links.rs`).
//! 3. *Owner unreachable*: what the entry answers then (`links.rs`).
//! 4. *G-Counter*: a counter for many processes (`g_counter.rs`).
//! 5. *Aggregates*: nodes count views and exchange them (`views.rs`, `counters.rs`, `links.rs`).
//! 6. *Netsplits*: nodes that were cut off from each other learn the same views (`counters.rs`).
//! 7. *Restarts*: neither a view that another node knew nor any later view is lost (`counters.rs`).
//! 8. *Efficiency*: nodes send what differs, and little else (`views.rs`, `counters.rs`).
//! 9. *Unique visitors*, optional: how many different visitors there were (`visitors.rs`, `views.rs`).
//! 10. *Two owners*, optional: the death of one node stops no request (`ring.rs`, `links.rs`).
//!
//! Your solution may need more: add fields, messages, functions and files of your own wherever you
//! like, between the markers and outside of them. The text of this part is
//! training/part4.md; `cargo checker hint` shows hints.
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

/// The hash of the sources of this program; the checker sets and compares it.
pub const SOURCE_HASH: Option<&str> = option_env!("COURSE_SOURCE_HASH");

/// Starts part 4 on a node. The supervisor restarts each server that crashes, and only that server. The
/// servers share what they know of links, owners and views, so that it survives their crashes.
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
