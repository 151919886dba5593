//! What a creation cannot do without: a request over HTTP, and one `SET` in the store, over the
//! client that the nodes use.

use std::io::Read;
use std::net::Ipv4Addr;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use redis::aio::ConnectionManager;
use tokio::net::TcpListener;

/// Serves, on as many threads as a node has, until standard input closes.
pub(crate) fn serve(store: &str) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let url = format!("redis://127.0.0.1:{store}");
    runtime.spawn(async move {
        let client = redis::Client::open(url).unwrap();
        let store = ConnectionManager::new(client).await.unwrap();
        let routes = Router::new().route("/", post(create)).with_state(store);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        println!("ready {}", listener.local_addr().unwrap().port());
        axum::serve(listener, routes).await.unwrap();
    });
    let _ = std::io::stdin().read_to_end(&mut Vec::new());
    runtime.shutdown_background();
}

/// The URL is its own key.
async fn create(State(mut store): State<ConnectionManager>, url: String) -> StatusCode {
    let mut set = redis::cmd("SET");
    let set = set.arg(&url).arg(&url);
    match set.query_async::<()>(&mut store).await {
        Ok(()) => StatusCode::CREATED,
        Err(_) => StatusCode::SERVICE_UNAVAILABLE,
    }
}
