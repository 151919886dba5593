//! The interface to the world: short links over HTTP.
//!
//! | request | answer |
//! |---|---|
//! | `POST /` with `url`, and if wanted `code` and `ttl` (seconds), as a form or as JSON | 201, `Location`, and the code |
//! | `GET /:code` | 302 with the URL in `Location` |
//! | `GET /:code/aggregates` | `Redirects: n` |
//! | `GET /` | a form to fill in, for visitors with a browser |
//! | `GET /healthz` | `ok` |
//!
//! The answer is 422 to a request that cannot be understood, 409 for a code of another URL, 404 for a code or
//! a path that leads nowhere, 413 for a body of more than 16 KiB, and 503 with `Retry-After` for what cannot be
//! done at the moment, or if another program has stored something other than a link under a code.
//!
//! # What is equal to what
//!
//! - **URLs** follow the [WHATWG URL standard](https://url.spec.whatwg.org/), as in a browser,
//!   and must be absolute, of `http` or `https`, and of at most 2048 bytes. What is kept, hashed to a
//!   code and sent in `Location` is the standard's serialization: `HTTPS://Bücher.example` is
//!   `https://xn--bcher-kva.example/`. A URL may lead to this service, even to its own code: a node
//!   cannot know all the names by which it is reached, and browsers end such a loop by themselves.
//! - **Fields** follow one rule, in a form (any content type except JSON's) and in JSON
//!   (`application/json`): each of them is a text or a whole number, an empty text and `null` are the
//!   same as no field, and a field that is unknown or comes twice is refused, as a misspelt `ttl`
//!   would otherwise make a link that never ends. Everything is UTF-8; a byte order mark at the start is skipped.
//! - **`ttl`** is digits alone: `+5`, `5.0` and ` 5` are refused.
//! - **A link that exists** is created again without harm. If it is asked for with another `ttl`, the
//!   later of the two ends counts.
//! - **Paths** are exact: `/code/` is not `/code`, and leads nowhere.
//! - **`X-Visitor`** is UTF-8, so that a visitor can have any name. What is not, or comes twice, is
//!   answered 400, and is no view; an empty one is the same as none.
//! - **A connection** on which no request begins for 15 s is closed, and so are idle ones when
//!   there are too many: half as many as the process may have files open, or 4096.

use std::marker::PhantomData;
use std::net::SocketAddr;
use std::panic::AssertUnwindSafe;

use axum::Router;
use axum::body::Bytes;
use axum::extract::rejection::PathRejection;
use axum::extract::{ConnectInfo, DefaultBodyLimit, FromRequest, Path, Request, State};
use axum::http::header::{CONTENT_LENGTH, LOCATION, RETRY_AFTER};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use futures_util::FutureExt;
use runtime::{Ctx, Reply, Server, ServerName};
use serde::{Deserialize, Serialize};
use tracing::info;

use crate::link::{Code, Link, url_of_the_web};
use connections::{Limits, Listener};

mod connections;
mod order;

/// The server of each node that speaks HTTP.
pub const HTTP: ServerName<HttpMsg> = ServerName::new("http");

/// The longest body of a request, in bytes.
const LONGEST_BODY: usize = 16 * 1024;

/// What the HTTP server of a node understands.
#[derive(Debug, Serialize, Deserialize)]
pub enum HttpMsg {
    /// The port that it listens on.
    Port(Reply<u16>),
}

/// What a client wants to be created. The URL is a web URL, in its standard spelling.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewLink {
    /// Where it is to lead, and for how long.
    pub link: Link,
    /// The code that it should get; without it, one that follows from the URL.
    pub code: Option<Code>,
}

/// What is known of the use of a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Aggregates {
    /// How often it was followed.
    pub redirects: u64,
    /// By how many different visitors, if that is counted.
    pub visitors: Option<u64>,
}

/// Why a request is refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Refusal {
    /// There is no such link, or it is expired: 404.
    NotFound,
    /// The code is another URL's: 409.
    Taken,
    /// The node cannot do it, or cannot know it, at the moment, for this reason: 503.
    Unavailable(String),
}

/// The service behind the HTTP interface.
pub trait Service: Clone + Send + Sync + 'static {
    /// Creates a link, and gives its code. When this returns, the link is in the store.
    fn create(&self, new: NewLink) -> impl Future<Output = Result<Code, Refusal>> + Send;

    /// The link that a code stands for.
    fn look_up(&self, code: Code) -> impl Future<Output = Result<Link, Refusal>> + Send;

    /// A visitor was sent on by a link. `visitor` is what tells visitors apart: the header
    /// `X-Visitor`, or else the address.
    fn viewed(&self, code: Code, visitor: String) -> impl Future<Output = ()> + Send;

    /// What is known about the use of a link. An unknown code was never used.
    fn aggregates(&self, code: Code) -> impl Future<Output = Aggregates> + Send;
}

/// The server that speaks HTTP, on 127.0.0.1.
pub struct Http<S> {
    port: u16,
    service: PhantomData<fn(S)>,
}

/// What [`Http`] starts with.
#[derive(Clone)]
pub struct HttpArgs<S> {
    /// The port to listen on; 0 for any that is free.
    pub port: u16,
    /// What stands behind it.
    pub service: S,
}

impl<S: Service> Server for Http<S> {
    type Msg = HttpMsg;
    type Args = HttpArgs<S>;

    async fn init(HttpArgs { port, service }: HttpArgs<S>, ctx: &Ctx<HttpMsg>) -> Self {
        let listener = match Listener::bind(port).await {
            Ok(listener) => listener,
            Err(error) => panic!("cannot listen for HTTP on 127.0.0.1:{port}: {error}"),
        };
        let port = listener.port().unwrap_or(port);
        info!("listening for HTTP on http://127.0.0.1:{port}/");
        ctx.spawn(connections::serve(
            listener,
            routes(service),
            Limits::of_this_process(),
        ));
        Http {
            port,
            service: PhantomData,
        }
    }

    async fn handle(&mut self, msg: HttpMsg, _: &Ctx<HttpMsg>) {
        match msg {
            HttpMsg::Port(reply) => reply.send(self.port),
        }
    }
}

/// What a browser shows at `/`.
const FORM: &str = r#"<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Short links</title>
<style>:root { color-scheme: light dark } body { font: 1.2em sans-serif; margin: 3em auto; max-width: 30em } input, button { font: inherit; padding: 0.3em } input { box-sizing: border-box; display: block; margin: 0.2em 0 1em; width: 100% }</style>
<h1>Short links</h1>
<form method="post">
<label>URL <input name="url" type="url" required placeholder="https://example.org/"></label>
<label>Code, if you want a particular one <input name="code" pattern="[A-Za-z0-9_\-]{1,64}"></label>
<label>Seconds until it expires, if it should <input name="ttl" type="number" min="1"></label>
<button>Shorten</button>
</form>
</html>
"#;

/// The HTTP interface of a service.
fn routes<S: Service>(service: S) -> Router {
    Router::new()
        .route("/", get(Html(FORM)).post(create::<S>))
        .route("/healthz", get(async || "ok\n"))
        .route("/{code}", get(follow::<S>))
        .route("/{code}/aggregates", get(aggregates::<S>))
        .fallback(async || refused(&Refusal::NotFound))
        .layer(DefaultBodyLimit::max(LONGEST_BODY))
        .with_state(service)
}

async fn create<S: Service>(State(service): State<S>, request: Request) -> Response {
    let headers = request.headers().clone();
    let body = match body(request).await {
        Ok(body) => body,
        Err(answer) => return answer,
    };
    let new = match order::read(&headers, &body) {
        Ok(new) => new,
        Err(why) => return text(StatusCode::UNPROCESSABLE_ENTITY, &why),
    };
    match guarded(service.create(new)).await {
        Ok(code) => {
            let location = [(LOCATION, format!("/{code}"))];
            (StatusCode::CREATED, location, format!("{code}\n")).into_response()
        }
        Err(answer) => answer,
    }
}

/// The body of a request, unless it is too long or does not come whole.
async fn body(request: Request) -> Result<Bytes, Response> {
    let too_long = || {
        let line = format!("a request has at most {LONGEST_BODY} bytes");
        text(StatusCode::PAYLOAD_TOO_LARGE, &line)
    };
    let announced = request.headers().get(CONTENT_LENGTH);
    let announced = announced.and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    // A client that announces more need not send it.
    if announced.is_some_and(|length| length > LONGEST_BODY) {
        return Err(too_long());
    }
    let read = Bytes::from_request(request, &()).await;
    read.map_err(|refused| match refused.status() {
        StatusCode::PAYLOAD_TOO_LARGE => too_long(),
        status => text(status, "the body of this request did not arrive completely"),
    })
}

async fn follow<S: Service>(
    State(service): State<S>,
    ConnectInfo(address): ConnectInfo<SocketAddr>,
    method: Method,
    code: Result<Path<Code>, PathRejection>,
    headers: HeaderMap,
) -> Response {
    let Ok(Path(code)) = code else {
        return refused(&Refusal::NotFound);
    };
    let visitor = match visitor(&headers, address) {
        Ok(visitor) => visitor,
        Err(why) => return text(StatusCode::BAD_REQUEST, why),
    };
    let link = match guarded(service.look_up(code.clone())).await {
        Ok(link) => link,
        Err(answer) => return answer,
    };
    // Every URL that was accepted is one, but the store may hold what we did not write.
    let url = url_of_the_web(&link.url).ok();
    let Some(location) = url.and_then(|url| HeaderValue::try_from(url).ok()) else {
        let why = format!("what the store has under {code} is not a link");
        return refused(&Refusal::Unavailable(why));
    };
    // HEAD is answered like GET, but nobody follows a link by it.
    if method == Method::GET {
        let counted = async {
            service.viewed(code, visitor).await;
            Ok(())
        };
        if let Err(answer) = guarded(counted).await {
            return answer;
        }
    }
    (StatusCode::FOUND, [(LOCATION, location)]).into_response()
}

/// What tells visitors apart.
fn visitor(headers: &HeaderMap, address: SocketAddr) -> Result<String, &'static str> {
    let mut names = headers.get_all("x-visitor").iter();
    let (name, another) = (names.next(), names.next());
    if another.is_some() {
        return Err("X-Visitor occurs twice");
    }
    let name = name.map_or(&b""[..], HeaderValue::as_bytes);
    match std::str::from_utf8(name) {
        Ok("") => Ok(address.ip().to_string()),
        Ok(name) => Ok(name.to_owned()),
        Err(_) => Err("X-Visitor is not UTF-8"),
    }
}

async fn aggregates<S: Service>(
    State(service): State<S>,
    code: Result<Path<Code>, PathRejection>,
) -> Response {
    let Ok(Path(code)) = code else {
        return refused(&Refusal::NotFound);
    };
    let counted = guarded(async { Ok(service.aggregates(code).await) }).await;
    counted.map_or_else(
        |answer| answer,
        |Aggregates {
             redirects,
             visitors,
         }| {
            let visitors = visitors.map_or_else(String::new, |n| format!("Visitors: {n}\n"));
            text(
                StatusCode::OK,
                &format!("Redirects: {redirects}\n{visitors}"),
            )
        },
    )
}

/// The answer of the service, or an error answer if it gives none. A panic ends only one request.
async fn guarded<T>(asked: impl Future<Output = Result<T, Refusal>>) -> Result<T, Response> {
    match AssertUnwindSafe(asked).catch_unwind().await {
        Ok(answer) => answer.map_err(|why| refused(&why)),
        Err(_) => Err(text(
            StatusCode::INTERNAL_SERVER_ERROR,
            "the handler of this request panicked; the output of the node has its message",
        )),
    }
}

fn refused(why: &Refusal) -> Response {
    match why {
        Refusal::NotFound => text(StatusCode::NOT_FOUND, "there is no such link"),
        Refusal::Taken => text(StatusCode::CONFLICT, "this code is another URL's"),
        Refusal::Unavailable(why) => {
            let answer = text(StatusCode::SERVICE_UNAVAILABLE, why);
            ([(RETRY_AFTER, "1")], answer).into_response()
        }
    }
}

fn text(status: StatusCode, line: &str) -> Response {
    (status, format!("{}\n", line.trim_end())).into_response()
}
