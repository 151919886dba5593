//! Part 3, a link shortener: one small service on many nodes, each with all links in its table.
//!
//! Each node runs an HTTP server, which is given. It asks `links.rs` to create links and to look them
//! up. All nodes share one store, a Redis server, which keeps every link for good. Between the HTTP
//! server and the store stands the subject of this part: a *table* in the memory of each node, so that a
//! lookup need not ask the store, and a server, the *cache*, that keeps the table equal to those of the
//! other nodes. A *sweeper*, one in the whole cluster, removes expired links from the store.
//!
//! HTTP and the store (the package `shortener`) are given, and so are the messages (`protocol.rs`) and a
//! service that works and asks the store for everything. You fill the gaps, each with the number of its
//! problem:
//!
//! 1. *Cache*: a table keeps the links that were looked up or created.
//! 2. *Replicate*: a link created on one node is in the tables of all nodes.
//! 3. *Netsplits*: nodes that could not reach each other make their tables equal when they can.
//! 4. *Late and restarted nodes*: a node with an empty table gets it filled before it asks the store.
//! 5. *Store down*: known links still redirect. It has no gap: your code for problems 1 and 2 must hold.
//! 6. *Registry*: one process in the cluster sweeps, and another takes over when it is gone.
//!
//! Read `links.rs` and `table.rs` first. With this page, that is about 250 lines, and enough for the first gaps
//! of problem 1. Then read `cache.rs` from top to bottom, with `protocol.rs` beside it. You need
//! `sweeper.rs` only for problem 6. You need not read the imports and the start of the servers below.
//!
//! You may add fields, messages, functions and files of your own wherever you like, between the markers
//! and outside of them. The text of this part is training/part3.md; `cargo checker hint` shows hints.
//!
//! ```text
//! cargo checker part3
//! ```
// The compiler does not warn about gaps that you have not filled. It warns about a missing `.await`.
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

/// The hash of the sources of this program; the checker sets and compares it.
pub const SOURCE_HASH: Option<&str> = option_env!("COURSE_SOURCE_HASH");

/// Starts part 3 on a node. The supervisor restarts a server that crashes, and only that one. The table
/// belongs to none of them, and outlives them all.
///
/// # Errors
/// [`StartError`] when a server does not start.
pub async fn start(node: Node, flags: Flags) -> Result<Address<SupervisorMsg>, StartError> {
    let store = flags
        .open_store()
        .map_err(|why| StartError::Init(ExitReason::Failed(why)))?;
    let table = Arc::new(Table::with_cap(CACHE_CAP));
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
