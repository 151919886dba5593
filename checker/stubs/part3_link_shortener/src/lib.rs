//! Part 3, a link shortener: one small service on many nodes, with the links of all in each table.
//!
//! On each node runs an HTTP server, which is given, and asks `links.rs` to create and to look up.
//! All nodes use one store, a Redis server; whoever has a link there has it for good. Between the
//! two is what this part is about: a *table* in the memory of each node, so that a look-up need not
//! ask the store, and a server, the *cache*, that keeps it like the tables of the other nodes. A
//! *sweeper*, one in the whole cluster, removes expired links from the store.
//!
//! Given are HTTP and the store (the package `shortener`), the messages (`protocol.rs`), and a
//! service that works, and asks the store for everything. Yours are the gaps, each with the number
//! of its problem:
//!
//! 1. *Cache*: what was looked up or created once is in the table.
//! 2. *Replicate*: what is created on one node is in the tables of all.
//! 3. *Partitions*: nodes that could not reach each other make their tables equal when they can.
//! 4. *Late and restarted nodes*: a node with an empty table gets it filled before it asks the store.
//! 5. *Store down*: what is known still leads on. There is no new place for it: what you wrote for
//!    1 and 2 holds, or it does not.
//! 6. *Registry*: one process in the cluster sweeps, and another when that one is gone.
//!
//! Your way may need more than that: add fields, messages, functions and files of your own wherever
//! you like, between the markers and outside of them. The text of this part is
//! training/part3.md; `cargo checker hint` shows hints.
//!
//! ```text
//! cargo checker part3
//! ```
// What you have not filled yet is no reason to warn you. An `.await` that you forgot is one.
#![allow(
    dead_code,
    unreachable_code,
    unused_assignments,
    unused_imports,
    unused_mut,
    unused_variables,
    clippy::todo,
    clippy::diverging_sub_expression,
    clippy::match_single_binding,
    clippy::single_match,
    clippy::unused_async
)]

use std::sync::Arc;

use runtime::{Address, ExitReason, Node, StartError, Supervisor, SupervisorMsg};
use shortener::http::HttpArgs;
use shortener::{Flags, HTTP, Http};

pub mod cache;
pub mod links;
pub mod protocol;
pub mod sweeper;
pub mod table;

use cache::{Cache, CacheArgs};
use links::Links;
use protocol::{CACHE, CACHE_CAP, SWEEPER};
use sweeper::Sweeper;
use table::Table;

/// Which sources this program was built from; the checker sets and compares it.
pub const SOURCE_HASH: Option<&str> = option_env!("COURSE_SOURCE_HASH");

/// Starts part 3 on a node. Each server is started again when it crashes, and only that one; the
/// table is nobody's own, and outlives them all.
///
/// # Errors
/// [`StartError`] when one of them does not start.
pub async fn start(node: Node, flags: Flags) -> Result<Address<SupervisorMsg>, StartError> {
    let store = flags
        .open_store()
        .map_err(|why| StartError::Init(ExitReason::Failed(why)))?;
    let table = Arc::new(Table::with_room_for(CACHE_CAP));
    let links = Links::new(node.clone(), store.clone(), table.clone());
    let cache = CacheArgs {
        store: store.clone(),
        table,
    };
    Supervisor::one_for_one()
        .child::<Cache>(&CACHE, cache)
        .child::<Sweeper>(&SWEEPER, store)
        .child::<Http<Links>>(
            &HTTP,
            HttpArgs {
                port: flags.http,
                service: links,
            },
        )
        .start(&node)
        .await
}
