//! What the HTTP interface answers, byte by byte where it matters.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use runtime::{Cookie, MemoryNet, Net, Node, NodeConfig};
use shortener::http::HttpArgs;
use shortener::{Aggregates, Code, HTTP, Http, HttpMsg, Link, NewLink, Refusal, Service};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// Keeps links in memory, and misbehaves where a code says so.
#[derive(Clone, Default)]
struct Shelf {
    links: Arc<Mutex<BTreeMap<Code, Link>>>,
    views: Arc<Mutex<Vec<(Code, String)>>>,
}

impl Service for Shelf {
    async fn create(&self, new: NewLink) -> Result<Code, Refusal> {
        let code = new
            .code
            .unwrap_or_else(|| Code::candidates(&new.link.url)[0].clone());
        match code.as_str() {
            "taken" => return Err(Refusal::Taken),
            "panics" => panic!("this code panics"),
            "away" => return Err(Refusal::Unavailable("the store\r\nis away".into())),
            _ => {}
        }
        self.links.lock().unwrap().insert(code.clone(), new.link);
        Ok(code)
    }

    async fn look_up(&self, code: Code) -> Result<Link, Refusal> {
        let links = self.links.lock().unwrap();
        links.get(&code).cloned().ok_or(Refusal::NotFound)
    }

    async fn viewed(&self, code: Code, visitor: String) {
        self.views.lock().unwrap().push((code, visitor));
    }

    async fn aggregates(&self, code: Code) -> Aggregates {
        let views = self.views.lock().unwrap();
        Aggregates {
            redirects: views.iter().filter(|(viewed, _)| *viewed == code).count() as u64,
            visitors: Some(7),
        }
    }
}

struct Site {
    port: u16,
    shelf: Shelf,
    _node: Node,
}

impl Site {
    async fn open() -> Site {
        let net = Net::Memory(MemoryNet::new(1));
        let cookie = Cookie::from_text("secret").unwrap();
        let node = Node::start(NodeConfig::new("n1@sim".parse().unwrap(), cookie, net))
            .await
            .unwrap();
        let shelf = Shelf::default();
        let args = HttpArgs {
            port: 0,
            service: shelf.clone(),
        };
        node.start_server::<Http<Shelf>>(&HTTP, args).await.unwrap();
        let port = node
            .call(&HTTP.at(node.name()), HttpMsg::Port)
            .await
            .unwrap();
        Site {
            port,
            shelf,
            _node: node,
        }
    }

    /// Sends bytes, and returns all that comes until the other side closes.
    async fn send(&self, request: impl AsRef<[u8]>) -> String {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).await.unwrap();
        stream.write_all(request.as_ref()).await.unwrap();
        let mut answer = String::new();
        let read = stream.read_to_string(&mut answer);
        let _ = timeout(Duration::from_secs(10), read)
            .await
            .expect("an answer in time");
        answer
    }

    async fn get(&self, path: &str) -> String {
        self.send(&format!(
            "GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        ))
        .await
    }

    async fn post(&self, body: &str) -> String {
        self.send(&format!(
            "POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        ))
        .await
    }
}

#[track_caller]
fn check(answer: &str, status: u16, parts: &[&str]) {
    assert!(
        answer.starts_with(&format!("HTTP/1.1 {status} ")),
        "{answer}"
    );
    for part in parts {
        assert!(answer.contains(part), "{part} is missing in {answer}");
    }
}

#[tokio::test]
async fn link_is_created_and_followed() {
    let site = Site::open().await;
    check(
        &site.post("url=http%3A%2F%2Fexample.org%2F&code=mine").await,
        201,
        &["location: /mine\r\n", "\r\n\r\nmine\n"],
    );
    check(
        &site.get("/mine").await,
        302,
        &["location: http://example.org/\r\n"],
    );
    check(
        &site.get("/mine/aggregates").await,
        200,
        &["\r\n\r\nRedirects: 1\nVisitors: 7\n"],
    );
    check(&site.get("/other").await, 404, &[]);
    check(
        &site.get("/other/aggregates").await,
        200,
        &["Redirects: 0\n"],
    );
    check(&site.get("/healthz").await, 200, &["ok"]);
}

#[tokio::test]
async fn browser_gets_a_form() {
    let site = Site::open().await;
    check(
        &site.get("/").await,
        200,
        &["content-type: text/html", "<form method=\"post\">"],
    );
    let put = "PUT / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    check(&site.send(put).await, 405, &["allow: GET,HEAD,POST\r\n"]);
}

#[tokio::test]
async fn refusals_have_a_status_each() {
    let site = Site::open().await;
    check(
        &site.post("url=http://example.org&code=taken").await,
        409,
        &[],
    );
    check(
        &site.post("url=http://example.org&code=away").await,
        503,
        &["retry-after: 1\r\n"],
    );
    check(
        &site.post("url=http://example.org&code=panics").await,
        500,
        &["panicked"],
    );
    check(
        &site.post("url=http://example.org&code=healthz").await,
        422,
        &["reserved"],
    );
    check(&site.post("url=example.org").await, 422, &[]);
    check(
        &site
            .post(&format!("url=http://example.org/{}", "a".repeat(3000)))
            .await,
        422,
        &[],
    );
    check(
        &site
            .post(&format!("url=http://example.org/{}", "a".repeat(30_000)))
            .await,
        413,
        &[],
    );
    check(&site.get("/a%20b").await, 404, &[]);
    // It still works.
    check(&site.get("/healthz").await, 200, &[]);
}

#[tokio::test]
async fn nothing_gets_into_a_header() {
    let site = Site::open().await;
    // A line end within a URL is no part of it, says the standard.
    let ends_line = "url=http://example.org/%0d%0aSet-Cookie:%20a=b&code=ends";
    check(&site.post(ends_line).await, 201, &[]);
    check(
        &site.get("/ends").await,
        302,
        &["location: http://example.org/Set-Cookie:%20a=b\r\n"],
    );
    check(
        &site.post("url=http://example.org/&code=a%0d%0ab").await,
        422,
        &[],
    );
    for (code, foreign) in [("script", "javascript:alert(1)"), ("empty", "")] {
        let link = Link {
            url: foreign.into(),
            expires_at: None,
        };
        let code: Code = code.parse().unwrap();
        site.shelf.links.lock().unwrap().insert(code.clone(), link);
        check(
            &site.get(&format!("/{code}")).await,
            503,
            &["is not a link"],
        );
    }
}

#[tokio::test]
async fn location_is_the_serialization_of_the_url() {
    let site = Site::open().await;
    for (url, location) in [
        (
            "https://example.org/wiki/K%C3%B6ln",
            "https://example.org/wiki/K%C3%B6ln",
        ),
        (
            "HTTPS://B%C3%BCcher.example",
            "https://xn--bcher-kva.example/",
        ),
        (
            "https://example.org/?q=%22x%22",
            "https://example.org/?q=%22x%22",
        ),
    ] {
        check(&site.post(&format!("url={url}&code=it")).await, 201, &[]);
        check(
            &site.get("/it").await,
            302,
            &[&format!("location: {location}\r\n")],
        );
    }
    // However a URL is spelt, it has one code.
    let answer = site.post("url=https://example.org").await;
    let code = answer.rsplit("\r\n").next().unwrap();
    let other = "url=HTTPS://EXAMPLE.ORG:443/a/..";
    check(&site.post(other).await, 201, &[code]);
}

#[tokio::test]
async fn paths_are_exact() {
    let site = Site::open().await;
    site.post("url=http://example.org/&code=mine").await;
    for path in [
        "/mine/",
        "//mine",
        "/mine/aggregates/",
        "/mine/else",
        "/%ff",
        "/%ff/aggregates",
        "/a%2Fb",
    ] {
        check(&site.get(path).await, 404, &["there is no such link"]);
    }
    check(&site.get("/m%69ne").await, 302, &[]);
}

#[tokio::test]
async fn only_a_redirect_that_is_followed_is_a_view() {
    let site = Site::open().await;
    site.post("url=http://example.org/&code=mine").await;
    let head = "HEAD /mine HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    check(
        &site.send(head).await,
        302,
        &["location: http://example.org/\r\n"],
    );
    site.get("/other").await;
    site.get("/mine/aggregates").await;
    assert!(site.shelf.views.lock().unwrap().is_empty());
    let named = "GET /mine HTTP/1.1\r\nHost: x\r\nX-Visitor: ada\r\nConnection: close\r\n\r\n";
    check(&site.send(named).await, 302, &[]);
    let empty = "GET /mine HTTP/1.1\r\nHost: x\r\nX-Visitor:\r\nConnection: close\r\n\r\n";
    check(&site.send(empty).await, 302, &[]);
    let views = site.shelf.views.lock().unwrap().clone();
    let visitors: Vec<&str> = views.iter().map(|(_, visitor)| visitor.as_str()).collect();
    assert_eq!(visitors, ["ada", "127.0.0.1"]);
}

#[tokio::test]
async fn visitors_have_any_name_that_is_utf8() {
    let site = Site::open().await;
    site.post("url=http://example.org/&code=mine").await;
    let get = |headers: &[u8]| {
        [
            &b"GET /mine HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"[..],
            headers,
            b"\r\n",
        ]
        .concat()
    };
    check(
        &site.send(get("X-Visitor: Zoë\r\n".as_bytes())).await,
        302,
        &[],
    );
    check(
        &site.send(get("X-Visitor: Zoé\r\n".as_bytes())).await,
        302,
        &[],
    );
    check(
        &site.send(get(b"X-Visitor: Zo\xeb\r\n")).await,
        400,
        &["not UTF-8"],
    );
    check(
        &site.send(get(b"X-Visitor: a\r\nX-Visitor: b\r\n")).await,
        400,
        &["twice"],
    );
    let views = site.shelf.views.lock().unwrap().clone();
    let visitors: Vec<&str> = views.iter().map(|(_, visitor)| visitor.as_str()).collect();
    assert_eq!(visitors, ["Zoë", "Zoé"]);
}

#[tokio::test]
async fn garbage_is_answered_and_forgotten() {
    let site = Site::open().await;
    for garbage in [
        "\0\0\0\0\r\n\r\n",
        "GET / HTTP/9.9\r\n\r\n",
        "POST / HTTP/1.1\r\nContent-Length: x\r\n\r\n",
    ] {
        check(&site.send(garbage).await, 400, &[]);
    }
    check(&site.get("/healthz").await, 200, &[]);
}
