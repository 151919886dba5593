use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;
use tokio::net::TcpStream;

/// A server that answers its first connection with these bytes and closes it; without bytes,
/// it keeps it open and says nothing. Says what it was asked.
async fn server(answer: Option<Vec<u8>>) -> (SocketAddr, tokio::task::JoinHandle<String>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let asked = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut asked = vec![0; 4096];
        let read = stream.read(&mut asked).await.unwrap();
        asked.truncate(read);
        match answer {
            Some(answer) => {
                // The client may have heard enough.
                let _ = stream.write_all(&answer).await;
            }
            None => std::future::pending().await,
        }
        String::from_utf8(asked).unwrap()
    });
    (address, asked)
}

async fn answered(answer: &str) -> Result<Answer, Silence> {
    let (address, _) = server(Some(answer.as_bytes().to_vec())).await;
    exchange(
        TcpStream::connect(address),
        address,
        &Request::get("/a"),
        Duration::from_secs(10),
    )
    .await
}

#[tokio::test]
async fn answer_is_read_with_its_headers() {
    let text = "HTTP/1.1 302 Found\r\nLocation: https://example.org/\r\nRetry-After: 1\r\n\
                Content-Type: text/plain\r\nContent-Length: 5\r\n\r\nabc\nd";
    let (address, asked) = server(Some(text.into())).await;
    let request =
        Request::form("/", &[("url", "https://a/?b=c&d"), ("ttl", "7")]).header("X-Visitor", "ada");
    assert_eq!(request.in_words(), "POST / url=https://a/?b=c&d ttl=7");
    let answer = exchange(
        TcpStream::connect(address),
        address,
        &request,
        Duration::from_secs(10),
    )
    .await
    .unwrap();
    assert_eq!((answer.status, answer.line()), (302, "abc"));
    assert_eq!(answer.location.as_deref(), Some("https://example.org/"));
    assert_eq!(answer.retry_after.as_deref(), Some("1"));
    assert_eq!(answer.content_type.as_deref(), Some("text/plain"));
    assert_eq!(answer.in_words(), "302 https://example.org/");
    let asked = asked.await.unwrap().to_ascii_lowercase();
    assert!(asked.starts_with("post / http/1.1\r\n"), "{asked}");
    for part in [
        "x-visitor: ada",
        "content-type: application/x-www-form-urlencoded",
        "url=https%3a%2f%2fa%2f%3fb%3dc%26d&ttl=7",
    ] {
        assert!(asked.contains(part), "{part} is not in {asked}");
    }
}

#[tokio::test]
async fn each_kind_of_silence_is_told_apart() {
    let closed = answered("").await;
    assert!(matches!(closed, Err(Silence::Closed(_))), "{closed:?}");
    let halved = answered("HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhalf").await;
    assert!(matches!(halved, Err(Silence::Closed(_))), "{halved:?}");
    let garbage = answered("I am not a web server.\r\n\r\n").await;
    assert!(matches!(garbage, Err(Silence::NotHttp(_))), "{garbage:?}");
    let huge = "x".repeat(LONGEST_BODY + 1);
    let length = huge.len();
    let huge = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{huge}");
    assert_eq!(answered(&huge).await, Err(Silence::TooLong));

    let (address, asked) = server(None).await;
    let within = Duration::from_millis(100);
    let late = exchange(
        TcpStream::connect(address),
        address,
        &Request::get("/a"),
        within,
    )
    .await;
    assert_eq!(late, Err(Silence::TooLate));
    asked.abort();
    let _ = asked.await;
    let refused = exchange(
        TcpStream::connect(address),
        address,
        &Request::get("/a"),
        within,
    )
    .await;
    assert!(matches!(refused, Err(Silence::Refused(_))), "{refused:?}");
}

#[test]
fn long_texts_are_shortened_for_the_picture() {
    let long = "https://example.org/a/very/long/way/to/somewhere/else";
    let words = Request::form("/", &[("url", long)]).in_words();
    assert_eq!(words, "POST / url=https://example.org/a/very/long/…");
    let json = Request::json("/", "{\n\"url\": 1}").in_words();
    assert_eq!(json, "POST / { \"url\": 1}");
}

#[test]
fn silence_is_told_in_words_for_learners() {
    let within = Duration::from_millis(1500);
    let told = |silence| meaning("n1", "GET /abc", &silence, within).seen;
    assert_eq!(
        told(Silence::TooLate),
        "n1 did not answer `GET /abc` within 1.5 s"
    );
    assert_eq!(
        told(Silence::Closed(String::new())),
        "n1 closed the connection before it had answered `GET /abc`"
    );
}
