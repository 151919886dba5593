use axum::body::Bytes;
use axum::routing::post;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

use super::*;

const GET: &str = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";

/// A service that reads what it is sent and says how much that is, and the task that it runs in.
async fn open(limits: Limits) -> (SocketAddr, JoinSet<()>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let length = async |body: Bytes| format!("{}\n", body.len());
    let routes = Router::new().route("/", post(length).get(length));
    let mut tasks = JoinSet::new();
    tasks.spawn(serve(Listener::Tcp(listener), routes, limits));
    (address, tasks)
}

async fn begin(address: SocketAddr, request: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    stream
}

async fn answer(stream: &mut TcpStream) -> String {
    let mut answer = String::new();
    while !answer.ends_with("0\n") {
        let mut some = [0; 1024];
        let length = timeout(Duration::from_secs(10), stream.read(&mut some));
        let length = length.await.expect("an answer in time").unwrap();
        assert_ne!(length, 0, "closed after {answer:?}");
        answer += std::str::from_utf8(&some[..length]).unwrap();
    }
    answer
}

async fn is_closed(mut stream: TcpStream, what: &str) {
    let closed = async {
        // An answer, if there is one, and then the end.
        while stream
            .read(&mut [0; 65_536])
            .await
            .is_ok_and(|length| length > 0)
        {}
    };
    let closed = timeout(Duration::from_secs(10), closed).await;
    assert!(closed.is_ok(), "still open: {what}");
}

#[tokio::test]
async fn connection_without_a_new_request_is_closed() {
    let (address, _tasks) = open(Limits {
        connections: 100,
        silence: Duration::from_millis(300),
    })
    .await;
    for request in [
        "",
        GET,
        "GET / HTTP/1.1\r\nHo",
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nurl=",
    ] {
        is_closed(begin(address, request).await, request).await;
    }
    // Header by header, each in time.
    let mut slow = begin(address, "GET / HTTP/1.1\r\n").await;
    let trickle = async {
        while slow.write_all(b"A: b\r\n").await.is_ok() {
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(Duration::from_secs(10), trickle).await.unwrap();
    // Answers that nobody reads.
    let mut deaf = begin(address, "").await;
    let flood = async { while deaf.write_all(GET.repeat(1000).as_bytes()).await.is_ok() {} };
    timeout(Duration::from_secs(30), flood).await.unwrap();
}

#[tokio::test]
async fn connection_with_requests_stays_open() {
    let silence = Duration::from_millis(600);
    let (address, _tasks) = open(Limits {
        connections: 100,
        silence,
    })
    .await;
    let mut stream = begin(address, "").await;
    for _ in 0..10 {
        stream.write_all(GET.as_bytes()).await.unwrap();
        answer(&mut stream).await;
        sleep(silence / 6).await;
    }
}

#[tokio::test]
async fn idle_connections_make_room_for_others() {
    let (address, _tasks) = open(Limits {
        connections: 8,
        silence: Duration::from_secs(600),
    })
    .await;
    let mut idle = Vec::new();
    for number in 0..100 {
        // One half has asked before, the other never does.
        let mut stream = begin(address, if number % 2 == 0 { GET } else { "" }).await;
        if number % 2 == 0 {
            answer(&mut stream).await;
        }
        idle.push(stream);
    }
    answer(&mut begin(address, GET).await).await;
    for stream in idle.into_iter().take(90) {
        is_closed(stream, "one that is idle").await;
    }
}
