//! What an owner costs: the solution of part 4, asked for links of its own and of another node's,
//! beside bare axum with a map.
//!
//! Two nodes share the links, and a third is alone, with a store prefix of its own; `wrk` follows a
//! link, or creates links, on one of them. The ways are taken in turns, and only the ratios mean
//! something.
//!
//! `cargo bench -p link-aggregates-solution --bench with_an_owner` runs all; with `-- redirects` or
//! `-- creations` behind it, only that. It takes `wrk` and `redis-server`.
#![allow(clippy::disallowed_methods)] // Real time is what is measured here.
#![allow(clippy::print_stdout)] // A bench that nobody reads may panic.

#[path = "../../part3_link_shortener/benches/beside_bare/bare.rs"]
mod bare;
#[path = "../../part3_link_shortener/benches/beside_bare/client.rs"]
mod client;
#[expect(dead_code, reason = "the bench of part 3 needs more of it")]
#[path = "../../part3_link_shortener/benches/beside_bare/load.rs"]
mod load;
#[expect(dead_code, reason = "the bench of part 3 needs more of it")]
#[path = "../../part3_link_shortener/benches/beside_bare/processes.rs"]
mod processes;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use link_aggregates_solution::ring::Places;
use load::Way;
use processes::{NodeFlags, Process};
use runtime::NodeName;
use runtime::directory::{AsRegistered, DirectoryServer};
use shortener::Code;

const NODE: &str = env!("CARGO_BIN_EXE_link-aggregates-solution");

const ROUNDS: usize = 5;

fn main() {
    let wanted = std::env::args().nth(1).unwrap_or_default();
    if wanted == "serve-bare" {
        return bare::serve();
    }
    let missing = processes::missing(&["wrk", "redis-server"]);
    if !missing.is_empty() {
        return println!("left out, as {} is not on the PATH", missing.join(", "));
    }
    let chosen = |name| wanted.is_empty() || wanted.starts_with("--") || wanted == name;
    // For the directory and our own requests; what is measured are other processes.
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        if chosen("redirects") {
            redirects().await;
        }
        if chosen("creations") {
            creations().await;
        }
    });
}

/// The nodes that are asked: one alone, and one of two.
struct Cluster {
    alone: u16,
    entry: u16,
    nodes: [(&'static str, Process); 3],
    _directory: DirectoryServer,
    _redis: Process,
}

impl Cluster {
    async fn start() -> Cluster {
        let (redis, store) = processes::redis();
        let any = "127.0.0.1:0".parse().unwrap();
        let directory = DirectoryServer::bind(any, Arc::new(AsRegistered))
            .await
            .unwrap();
        let at = directory.address();
        let https = [(); 3].map(|()| processes::free_port());
        let alone = node("alone", at, https[0], store, "alone:", None);
        let entry = node("entry", at, https[1], store, "two:", None);
        let other = node("other", at, https[2], store, "two:", Some("entry"));
        // Each reads twice a second who is a member.
        tokio::time::sleep(Duration::from_millis(1500)).await;
        Cluster {
            alone: https[0],
            entry: https[1],
            nodes: [("alone", alone), ("entry", entry), ("other", other)],
            _directory: directory,
            _redis: redis,
        }
    }

    fn print_memory(&self) {
        for (name, process) in &self.nodes {
            if let Some(memory) = process.most_memory() {
                println!("  most memory of {name}: {memory:.0} MB");
            }
        }
    }
}

fn node(
    name: &'static str,
    directory: SocketAddr,
    http: u16,
    store: u16,
    prefix: &'static str,
    connect: Option<&'static str>,
) -> Process {
    let flags = NodeFlags {
        name,
        directory,
        http,
        store,
        prefix,
        connect,
        tick_time: 15,
    };
    processes::node(NODE, &flags)
}

/// URLs whose codes one of the two nodes owns.
fn urls_of(owner: &'static str, path: String) -> impl Iterator<Item = String> {
    let full = |name: &str| -> NodeName { format!("{name}@127.0.0.1").parse().unwrap() };
    let (ring, owner) = (
        Places::of(&[full("entry"), full("other")]),
        Some(full(owner)),
    );
    let urls = (0..).map(move |number| format!("https://example.org/{path}/a-link/{number}"));
    urls.filter(move |url| ring.owner(&Code::candidates(url)[0]) == owner)
}

async fn redirects() {
    let cluster = Cluster::start().await;
    let (_bare, ready) = processes::role(&["serve-bare"]);
    let bare: u16 = ready.trim_start_matches("ready ").parse().unwrap();
    let mut codes = Vec::new();
    for (http, owner) in [
        (cluster.alone, "entry"),
        (cluster.entry, "entry"),
        (cluster.entry, "other"),
    ] {
        let url = urls_of(owner, "followed".into()).next().unwrap();
        let code = client::create(http, &url).await.expect("a link");
        assert_eq!(client::follow(http, &code).await, Some(url));
        codes.push(code);
    }
    let way = |name, port, code: &str| {
        let code = code.to_owned();
        Way {
            name,
            round: Box::new(move |_| load::redirects(port, &code)),
        }
    };
    let ways = [
        way("bare axum", bare, "code500"),
        way("a node alone", cluster.alone, &codes[0]),
        way("one of two, own link", cluster.entry, &codes[1]),
        way("one of two, the other's link", cluster.entry, &codes[2]),
    ];
    load::compare("redirects, wrk -t2 -c64", ROUNDS, &ways);
    cluster.print_memory();
}

async fn creations() {
    let cluster = Cluster::start().await;
    let way = |name, port, owner| Way {
        name,
        round: Box::new(move |round| {
            let path = format!("created/{round}");
            let urls: PathBuf = load::file_of_urls("urls-of-one.txt", urls_of(owner, path));
            load::creations(port, &urls)
        }),
    };
    let ways = [
        way("a node alone", cluster.alone, "entry"),
        way("one of two, own links", cluster.entry, "entry"),
        way("one of two, the other's links", cluster.entry, "other"),
    ];
    load::compare("creations, wrk -t2 -c64", ROUNDS, &ways);
    cluster.print_memory();
}
