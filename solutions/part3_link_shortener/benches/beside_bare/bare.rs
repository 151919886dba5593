//! The server that the link shortener is compared with: bare axum, and a map in memory.

use std::collections::BTreeMap;
use std::io::Read;
use std::net::Ipv4Addr;
use std::sync::{Arc, RwLock};

use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tokio::net::TcpListener;

/// The link that the server has, and the one that it is measured with.
pub(crate) const URL: &str =
    "https://example.org/articles/2026/a-link-of-the-usual-length?ref=bench";

type Map = Arc<RwLock<BTreeMap<String, String>>>;

/// Serves, on as many threads as a node has, until standard input closes.
pub(crate) fn serve() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    runtime.spawn(async {
        let map: BTreeMap<_, _> = (0..1000)
            .map(|number| (format!("code{number:03}"), URL.to_owned()))
            .collect();
        let routes = Router::new()
            .route("/{code}", get(follow))
            .with_state(Arc::new(RwLock::new(map)));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        println!("ready {}", listener.local_addr().unwrap().port());
        axum::serve(listener, routes).await.unwrap();
    });
    let _ = std::io::stdin().read_to_end(&mut Vec::new());
    runtime.shutdown_background();
}

async fn follow(State(map): State<Map>, Path(code): Path<String>) -> Response {
    let url = map.read().unwrap().get(&code).cloned();
    match url {
        Some(url) => (StatusCode::FOUND, [(LOCATION, url)]).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}
