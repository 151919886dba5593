//! The plumbing of a link shortener, which parts 3 and 4 give you.
//!
//! - [`link`]: what is kept of a link, and the codes that a URL may get;
//! - [`store`]: the links in Redis, with a time limit on each command;
//! - [`http`]: the interface to the world. It asks a [`Service`], which the learner writes;
//! - [`table`], [`cache`], [`sweeper`]: what part 4 keeps of part 3, where each is a problem.
//!
//! The parts themselves contain the lesson: which nodes keep a link besides the store, and which nodes
//! hear of it.

pub mod cache;
pub mod http;
pub mod link;
pub mod store;
pub mod sweeper;
pub mod table;

pub use http::{Aggregates, HTTP, Http, HttpMsg, NewLink, Refusal, Service};
pub use link::{Code, Link, now};
pub use store::{Claim, Store, StoreError};
pub use table::Table;

/// The flags that a node of the link shortener has besides those of every node.
#[derive(Debug, Clone, clap::Args)]
pub struct Flags {
    /// Port for HTTP, on 127.0.0.1; 0 takes any free port, and prints it
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    pub http: u16,

    /// URL of the store: a Redis server, or `cargo checker store`. Without this flag, the variable REDIS_URL names the store; without both, it is redis://127.0.0.1:6379
    #[arg(long, value_name = "URL")]
    pub store: Option<String>,

    /// Prefix of all keys in the store, so that several clusters can share it
    #[arg(long, value_name = "TEXT", default_value = "margarine:")]
    pub store_prefix: String,
}

impl Flags {
    /// The store that these flags name. It need not be up.
    ///
    /// # Errors
    /// A sentence for the person at the terminal, when that is not the URL of a Redis server.
    pub fn open_store(&self) -> Result<Store, String> {
        let url = self
            .store
            .clone()
            .or_else(|| {
                let url = std::env::var("REDIS_URL").ok();
                url.filter(|url| !url.trim().is_empty())
            })
            .unwrap_or_else(|| "redis://127.0.0.1:6379".to_owned());
        Store::at(&url, &self.store_prefix)
    }
}
