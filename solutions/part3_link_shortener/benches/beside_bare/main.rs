//! What the solution of part 3 costs, beside what does less, and what it does under failures.
//!
//! - `redirects`: one node, `wrk` with 64 connections and a link that is in its table, beside bare
//!   axum with a map;
//! - `creations`: new links over HTTP, beside `redis-benchmark` with as many connections, each with
//!   one `SET` on its way, and beside bare axum that does no more than this `SET`;
//! - `memory`: a table with a million links;
//! - `failures`: three nodes under load, of which one is killed and one is cut off. A wrong answer
//!   makes the bench fail.
//!
//! The ways are taken in turns, and only the ratios mean something: absolute figures differ from
//! machine to machine and from hour to hour. All of them share the machine with what measures them.
//!
//! `cargo bench -p link-shortener-solution --bench beside_bare` runs all; with `-- failures` or
//! another word of these behind it, only that. It takes `wrk`, `redis-server` and `redis-benchmark`;
//! what needs a program that is missing is left out.
#![allow(clippy::disallowed_methods)] // Real time is what is measured here.
#![allow(clippy::print_stdout)] // A bench that nobody reads may panic.

mod bare;
mod client;
mod failures;
mod load;
mod one_set;
#[expect(dead_code, reason = "the bench of part 4 needs more of it")]
mod processes;
mod relay;

use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;

use link_shortener_solution::table::Table;
use load::Way;
use processes::NodeFlags;
use runtime::directory::{AsRegistered, DirectoryServer};
use shortener::Link;

const NODE: &str = env!("CARGO_BIN_EXE_link-shortener-solution");

const ROUNDS: usize = 5;

const LINKS: usize = 1_000_000;

fn main() -> ExitCode {
    let wanted = std::env::args().nth(1).unwrap_or_default();
    match wanted.as_str() {
        "serve-bare" => bare::serve(),
        "serve-one-set" => one_set::serve(&std::env::args().nth(2).unwrap_or_default()),
        "fill-table" => fill_table(),
        _ => return measure(&wanted),
    }
    ExitCode::SUCCESS
}

fn measure(wanted: &str) -> ExitCode {
    let chosen = |name: &str, programs: &[&str]| {
        if !(wanted.is_empty() || wanted.starts_with("--") || wanted == name) {
            return false;
        }
        let missing = processes::missing(programs);
        if !missing.is_empty() {
            println!(
                "{name}: left out, as {} is not on the PATH",
                missing.join(", ")
            );
        }
        missing.is_empty()
    };
    // For the directory and our own requests; what is measured are other processes.
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let _entered = runtime.enter();
    if chosen("redirects", &["wrk", "redis-server"]) {
        runtime.block_on(redirects());
    }
    if chosen("creations", &["wrk", "redis-server", "redis-benchmark"]) {
        runtime.block_on(creations());
    }
    if chosen("memory", &[]) {
        memory();
    }
    if chosen("failures", &["redis-server"]) && runtime.block_on(failures::run()) > 0 {
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

async fn redirects() {
    let (_bare, ready) = processes::role(&["serve-bare"]);
    let bare: u16 = ready.trim_start_matches("ready ").parse().unwrap();
    let (_redis, store) = processes::redis();
    let directory = directory().await;
    let http = processes::free_port();
    let _node = processes::node(NODE, &alone(directory.address(), http, store));
    let code = client::create(http, bare::URL).await.expect("a link");
    let right = Some(bare::URL.to_owned());
    assert_eq!(client::follow(http, &code).await, right);
    assert_eq!(client::follow(bare, "code500").await, right);
    let ways = [
        Way {
            name: "bare axum",
            round: Box::new(|_| load::redirects(bare, "code500")),
        },
        Way {
            name: "a node",
            round: Box::new(|_| load::redirects(http, &code)),
        },
    ];
    load::compare("redirects, wrk -t2 -c64", ROUNDS, &ways);
}

async fn creations() {
    let (_redis, store) = processes::redis();
    let directory = directory().await;
    let http = processes::free_port();
    let _node = processes::node(NODE, &alone(directory.address(), http, store));
    let (_one_set, ready) = processes::role(&["serve-one-set", &store.to_string()]);
    let one_set: u16 = ready.trim_start_matches("ready ").parse().unwrap();
    let urls = |round| {
        let url = move |number| format!("https://example.org/articles/{round}/a-link/{number}");
        load::file_of_urls("urls.txt", (0..).map(url))
    };
    let ways = [
        Way {
            name: "redis-benchmark",
            round: Box::new(|_| load::sets(store)),
        },
        Way {
            name: "bare axum, one SET",
            round: Box::new(|round| load::creations(one_set, &urls(round))),
        },
        Way {
            name: "a node",
            round: Box::new(|round| load::creations(http, &urls(round))),
        },
    ];
    load::compare("creations, wrk -t2 -c64", ROUNDS, &ways);
}

async fn directory() -> DirectoryServer {
    let any = "127.0.0.1:0".parse().unwrap();
    DirectoryServer::bind(any, Arc::new(AsRegistered))
        .await
        .unwrap()
}

fn alone(directory: SocketAddr, http: u16, store: u16) -> NodeFlags<'static> {
    NodeFlags {
        name: "alone",
        directory,
        http,
        store,
        prefix: "alone:",
        connect: None,
        tick_time: 15,
    }
}

fn memory() {
    let (_table, ready) = processes::role(&["fill-table"]);
    println!("{}", ready.trim_start_matches("ready "));
}

/// Holds a million links, and says how much memory that takes.
fn fill_table() {
    let now = || processes::memory("self", "VmRSS:");
    let before = now();
    let table = Table::with_cap(LINKS);
    let mut bytes = 0;
    for number in 0..LINKS {
        let code = format!("{number:07}");
        let url = format!("https://example.org/articles/2026/{number:07}?ref=bench");
        bytes += code.len() + url.len();
        let expires_at = None;
        table.put(code.parse().unwrap(), Link { url, expires_at });
    }
    assert_eq!(table.len(), LINKS);
    let (Some(before), Some(after)) = (before, now()) else {
        return println!("ready memory is not known here");
    };
    println!(
        "ready a table with {LINKS} links: {:.0} MB, {:.0} bytes a link, {} of them code and URL",
        after - before,
        (after - before) * 1e6 / LINKS as f64,
        bytes / LINKS
    );
}
