//! The interface to the world: short links over HTTP.
//!
//! | request | answer |
//! |---|---|
//! | `POST /` with `url=`, and if wanted `code=` and `ttl=` (seconds), as a form or as JSON | 201, `Location`, and the code |
//! | `GET /:code` | 302 with the URL in `Location` |
//! | `GET /:code/aggregates` | `Redirects: n` |
//! | `GET /` | a form to fill in, for who comes with a browser |
//! | `GET /healthz` | `ok` |
//!
//! A URL that is no URL of the web is answered 422, a code that is another URL's 409, a code that
//! leads nowhere 404, and what cannot be had at the moment 503 with `Retry-After`.

use std::marker::PhantomData;
use std::net::{Ipv4Addr, SocketAddr};
use std::panic::AssertUnwindSafe;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{ConnectInfo, DefaultBodyLimit, Path, State};
use axum::http::header::{CONTENT_TYPE, LOCATION, RETRY_AFTER};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use futures_util::FutureExt;
use percent_encoding::{CONTROLS, utf8_percent_encode};
use runtime::{Ctx, Reply, Server, ServerName};
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;
use tracing::info;

use crate::link::{Code, Link, now};

/// The server of each node that speaks HTTP.
pub const HTTP: ServerName<HttpMsg> = ServerName::new("http");

/// The longest URL, in bytes.
const LONGEST_URL: usize = 2048;

/// The longest body of a request, in bytes.
const LONGEST_BODY: usize = 16 * 1024;

/// The longest life that can be asked for, in seconds: a hundred years.
const LONGEST_TTL: u64 = 3_155_760_000;

/// What the HTTP server of a node understands.
#[derive(Debug, Serialize, Deserialize)]
pub enum HttpMsg {
    /// The port that it listens on.
    Port(Reply<u16>),
}

/// What somebody wants to be created. The URL is one of the web, of a bearable length.
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

/// Why a request is not granted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Refusal {
    /// There is no such link, or it is expired: 404.
    NotFound,
    /// The code is another URL's: 409.
    Taken,
    /// It cannot be done, or not be known, at the moment, for this reason: 503.
    Unavailable(String),
}

/// What stands behind the HTTP interface.
pub trait Service: Clone + Send + Sync + 'static {
    /// Creates a link, and gives its code. When this returns, the link is in the store.
    fn create(&self, new: NewLink) -> impl Future<Output = Result<Code, Refusal>> + Send;

    /// The link that a code stands for.
    fn look_up(&self, code: Code) -> impl Future<Output = Result<Link, Refusal>> + Send;

    /// A visitor was sent on by a link. `visitor` is what tells visitors apart: the header
    /// `X-Visitor`, or else the address.
    fn viewed(&self, code: Code, visitor: String) -> impl Future<Output = ()> + Send;

    /// What is known of the use of a link. A code that is not known was never used.
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
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let listener = match TcpListener::bind(address).await {
            Ok(listener) => listener,
            Err(error) => panic!("cannot listen for HTTP on {address}: {error}"),
        };
        let port = listener.local_addr().map_or(port, |address| address.port());
        info!("listening for HTTP on http://127.0.0.1:{port}/");
        ctx.spawn(async move {
            let serving = axum::serve(
                listener,
                routes(service).into_make_service_with_connect_info::<SocketAddr>(),
            );
            if let Err(error) = serving.await {
                panic!("the HTTP server ended: {error}");
            }
        });
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
<style>body { font: 1.1em sans-serif; margin: 3em auto; max-width: 30em } label, input { display: block; width: 100% } input { margin: 0 0 1em }</style>
<h1>Short links</h1>
<form method="post">
<label>URL <input name="url" type="url" required placeholder="https://example.org/"></label>
<label>Code, if you want a certain one <input name="code" pattern="[A-Za-z0-9_\-]{1,64}"></label>
<label>Seconds until it ends, if it should <input name="ttl" type="number" min="1"></label>
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
        .layer(DefaultBodyLimit::max(LONGEST_BODY))
        .with_state(service)
}

async fn create<S: Service>(State(service): State<S>, headers: HeaderMap, body: Bytes) -> Response {
    let new = match order(&headers, &body) {
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

async fn follow<S: Service>(
    State(service): State<S>,
    ConnectInfo(address): ConnectInfo<SocketAddr>,
    method: Method,
    Path(code): Path<String>,
    headers: HeaderMap,
) -> Response {
    let Ok(code) = code.parse::<Code>() else {
        return refused(&Refusal::NotFound);
    };
    let link = match guarded(service.look_up(code.clone())).await {
        Ok(link) => link,
        Err(answer) => return answer,
    };
    // Every URL that was accepted fits, but the store may hold what we did not write.
    let Some(location) = location(&link.url) else {
        return refused(&Refusal::NotFound);
    };
    // HEAD is answered like GET, but nobody follows a link by it.
    if method == Method::GET {
        let visitor = headers.get("x-visitor").and_then(|name| name.to_str().ok());
        let visitor = visitor.map_or_else(|| address.ip().to_string(), str::to_owned);
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

async fn aggregates<S: Service>(State(service): State<S>, Path(code): Path<String>) -> Response {
    let Ok(code) = code.parse::<Code>() else {
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

/// What the service says, or the answer that tells why it says nothing. A panic ends one request.
async fn guarded<T>(asked: impl Future<Output = Result<T, Refusal>>) -> Result<T, Response> {
    match AssertUnwindSafe(asked).catch_unwind().await {
        Ok(answer) => answer.map_err(|why| refused(&why)),
        Err(_) => Err(text(
            StatusCode::INTERNAL_SERVER_ERROR,
            "this request panicked; what it said stands in the output of the node",
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

/// What a request to create a link says.
fn order(headers: &HeaderMap, body: &[u8]) -> Result<NewLink, String> {
    let kind = headers
        .get(CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok());
    let json = kind.is_some_and(|kind| {
        kind.trim_start()
            .to_ascii_lowercase()
            .starts_with("application/json")
    });
    let fields = if json {
        from_json(body)?
    } else {
        from_form(body)?
    };
    let url = fields.url.ok_or("a url is needed: url=https://…")?;
    is_of_the_web(&url)?;
    let code = fields.code.map(|code| code.parse::<Code>()).transpose()?;
    let expires_at = fields.ttl.map(|ttl| {
        let seconds: u64 = ttl
            .parse()
            .map_err(|_| "ttl is a whole number of seconds".to_owned())?;
        match seconds {
            1..=LONGEST_TTL => Ok(now() + seconds * 1000),
            _ => Err(format!("ttl is 1 to {LONGEST_TTL} seconds")),
        }
    });
    Ok(NewLink {
        link: Link {
            url,
            expires_at: expires_at.transpose()?,
        },
        code,
    })
}

#[derive(Default)]
struct Fields {
    url: Option<String>,
    code: Option<String>,
    ttl: Option<String>,
}

impl Fields {
    fn set(&mut self, name: &str, value: String) -> Result<(), String> {
        let field = match name {
            "url" => &mut self.url,
            "code" => &mut self.code,
            "ttl" => &mut self.ttl,
            // Whatever else a form has on it is its own business.
            _ => return Ok(()),
        };
        match field.replace(value) {
            None => Ok(()),
            Some(_) => Err(format!("{name} was given twice")),
        }
    }
}

fn from_form(body: &[u8]) -> Result<Fields, String> {
    let mut fields = Fields::default();
    for (name, value) in form_urlencoded::parse(body) {
        // A field that was left empty was not filled in.
        if !value.is_empty() {
            fields.set(&name, value.into_owned())?;
        }
    }
    Ok(fields)
}

fn from_json(body: &[u8]) -> Result<Fields, String> {
    let object: serde_json::Map<String, serde_json::Value> =
        serde_json::from_slice(body).map_err(|error| format!("this is no JSON object: {error}"))?;
    let mut fields = Fields::default();
    for (name, value) in object {
        let value = match value {
            serde_json::Value::Null => continue,
            serde_json::Value::String(text) => text,
            serde_json::Value::Number(number) => number.to_string(),
            _ => return Err(format!("{name} is neither a text nor a number")),
        };
        fields.set(&name, value)?;
    }
    Ok(fields)
}

/// Whether a URL can be the target of a link: absolute, http or https, with a host, not too long,
/// and free of what could end a header.
fn is_of_the_web(url: &str) -> Result<(), String> {
    if url.len() > LONGEST_URL {
        return Err(format!("a url has at most {LONGEST_URL} bytes"));
    }
    if url.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return Err("a url has no white space and no control characters".into());
    }
    let encoded = utf8_percent_encode(url, CONTROLS).to_string();
    let parsed: Uri = encoded.parse().map_err(|_| format!("{url} is not a url"))?;
    let scheme = parsed.scheme_str().unwrap_or_default().to_ascii_lowercase();
    if !matches!(scheme.as_str(), "http" | "https") || parsed.host().is_none_or(str::is_empty) {
        return Err("an absolute url is needed, which begins with http:// or https://".into());
    }
    Ok(())
}

/// A URL as it stands in a header: of ASCII alone.
fn location(url: &str) -> Option<HeaderValue> {
    HeaderValue::from_str(&utf8_percent_encode(url, CONTROLS).to_string()).ok()
}

#[cfg(test)]
mod tests;
