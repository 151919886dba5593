//! Requests by the checker to the HTTP interface of a node, and what it means when there is no
//! answer.

use std::fmt;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use runtime::{Reply, ServerName};
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

use super::asking::{LAST_WORDS, Meaning, MeaningKind};
use super::{Cluster, Standing, Unanswered, Unmet, lock};
use crate::scenario::Stop;
use crate::screen::shortened;
use crate::trace::What;

/// The server that each node with an HTTP interface has, and what it says of itself.
const HTTP: ServerName<HttpMsg> = ServerName::new("http");

/// The longest body that is read of an answer, in bytes.
const LONGEST_BODY: usize = 64 * 1024;

/// How much of a request or an answer stands in the picture, in characters.
const BRIEF: usize = 36;

#[derive(Debug, Serialize, Deserialize)]
enum HttpMsg {
    /// The port on which it listens.
    Port(Reply<u16>),
}

/// A request to a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// `GET`, `POST`, …
    pub method: &'static str,
    /// What is asked for: `/abc`.
    pub path: String,
    /// Names and values.
    pub headers: Vec<(String, String)>,
    /// What is sent along.
    pub body: String,
    /// How long the whole answer may take; the patience of the cluster's options, if not given.
    pub within: Option<Duration>,
    /// The body as people read it.
    brief: String,
}

impl Request {
    /// A request without a body.
    pub fn new(method: &'static str, path: impl Into<String>) -> Request {
        Request {
            method,
            path: path.into(),
            headers: Vec::new(),
            body: String::new(),
            within: None,
            brief: String::new(),
        }
    }

    /// `GET` of a path.
    pub fn get(path: impl Into<String>) -> Request {
        Request::new("GET", path)
    }

    /// `POST` of a form.
    pub fn form(path: impl Into<String>, fields: &[(&str, &str)]) -> Request {
        let body = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields)
            .finish();
        let brief = fields.iter().map(|(name, value)| format!("{name}={value}"));
        Request {
            brief: brief.collect::<Vec<_>>().join(" "),
            ..Request::new("POST", path)
                .header("content-type", "application/x-www-form-urlencoded")
                .body(body)
        }
    }

    /// `POST` of a JSON text.
    pub fn json(path: impl Into<String>, text: impl Into<String>) -> Request {
        Request::new("POST", path)
            .header("content-type", "application/json")
            .body(text)
    }

    /// Adds a header.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Request {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Sets what is sent along.
    pub fn body(mut self, body: impl Into<String>) -> Request {
        self.body = body.into();
        self.brief.clone_from(&self.body);
        self
    }

    /// Sets how long the whole answer may take.
    pub fn within(mut self, within: Duration) -> Request {
        self.within = Some(within);
        self
    }

    /// As people read it: `POST / url=https://…`.
    pub fn in_words(&self) -> String {
        let Request {
            method,
            path,
            brief,
            ..
        } = self;
        let text = format!("{method} {}", in_line(path, BRIEF));
        match brief.as_str() {
            "" => text,
            body => format!("{text} {}", in_line(body, BRIEF)),
        }
    }
}

/// What a node answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The status code: 302.
    pub status: u16,
    /// The header `Location`.
    pub location: Option<String>,
    /// The header `Retry-After`.
    pub retry_after: Option<String>,
    /// The header `Content-Type`.
    pub content_type: Option<String>,
    /// The body, as text.
    pub body: String,
    /// How long it took, all in all.
    pub took: Duration,
}

impl Answer {
    /// The first line of the body.
    pub fn line(&self) -> &str {
        self.body.lines().next().unwrap_or_default().trim_end()
    }

    /// As people read it: `302 https://example.org/`, `201 abc`.
    pub fn in_words(&self) -> String {
        let more = match &self.location {
            Some(location) if (300..400).contains(&self.status) => location,
            _ => self.line(),
        };
        match more {
            "" => self.status.to_string(),
            more => format!("{} {}", self.status, in_line(more, BRIEF)),
        }
    }
}

/// Why a request was not answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Silence {
    /// Nobody accepted the connection: the request did not happen.
    Refused(String),
    /// The connection was closed before the answer was complete.
    Closed(String),
    /// The timeout expired.
    TooLate,
    /// What came is no HTTP.
    NotHttp(String),
    /// The body of the answer is too long.
    TooLong,
}

/// A request that was not answered. In a story, `?` makes a verdict of it; while something is
/// waited for, it is one more reason to go on waiting, unless nothing can change.
#[derive(Debug)]
pub struct NoAnswer {
    /// What came instead; nothing, if it was not even known where to ask, or if the answer shows
    /// that something is not written yet.
    pub silence: Option<Silence>,
    node: String,
    seen: String,
    lasting: bool,
    stop: Box<Stop>,
}

impl NoAnswer {
    /// Whether the node may have done what it was asked.
    pub fn may_have_happened(&self) -> bool {
        !matches!(self.silence, None | Some(Silence::Refused(_)))
    }
}

impl fmt::Display for NoAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.seen)
    }
}

impl From<NoAnswer> for Stop {
    fn from(silent: NoAnswer) -> Self {
        *silent.stop
    }
}

impl From<NoAnswer> for Unmet {
    fn from(silent: NoAnswer) -> Self {
        if silent.lasting {
            Unmet::Never(*silent.stop)
        } else {
            Unmet::at(&silent.node, silent.seen)
        }
    }
}

impl From<Unanswered> for NoAnswer {
    fn from(unanswered: Unanswered) -> Self {
        NoAnswer {
            silence: None,
            seen: unanswered.to_string(),
            lasting: unanswered.is_lasting(),
            node: unanswered.node().to_owned(),
            stop: Box::new(unanswered.into()),
        }
    }
}

impl Cluster<'_> {
    /// Sends a request to a node, on a connection of its own. Any status is an answer, only not a
    /// 500 behind which there is code that is not written yet.
    ///
    /// # Errors
    /// [`NoAnswer`], which `?` makes a verdict of.
    pub async fn request(&self, node: &str, request: &Request) -> Result<Answer, NoAnswer> {
        let within = request.within.unwrap_or(self.options.patience);
        let begun = Instant::now();
        let mut came = self.exchange(node, request, within).await?;
        if let Err(Silence::Refused(_)) = came
            && self.forget_http(node)
        {
            // Its server may have been started again, on another port.
            came = self.exchange(node, request, within).await?;
        }
        let words = request.in_words();
        match came {
            Ok(answer) => {
                let said = answer.in_words();
                self.tell_request(node, &words, &said, Some(answer.took));
                match answer.status {
                    500 => self.written_behind(node, &words, answer).await,
                    _ => Ok(answer),
                }
            }
            Err(silence) => {
                let meaning = meaning(node, &words, &silence, within);
                self.tell_request(node, &words, &silence.in_words(), None);
                Err(self.no_answer(node, silence, meaning, begun, within).await)
            }
        }
    }

    /// Asks a node for a path.
    ///
    /// # Errors
    /// [`NoAnswer`], which `?` makes a verdict of.
    pub async fn get(&self, node: &str, path: &str) -> Result<Answer, NoAnswer> {
        self.request(node, &Request::get(path)).await
    }

    /// Posts a form to `/` of a node: `&[("url", "https://…"), ("code", "abc")]`.
    ///
    /// # Errors
    /// [`NoAnswer`], which `?` makes a verdict of.
    pub async fn post_form(&self, node: &str, fields: &[(&str, &str)]) -> Result<Answer, NoAnswer> {
        self.request(node, &Request::form("/", fields)).await
    }

    /// Where a node listens for HTTP, which its server `http` says once.
    ///
    /// # Errors
    /// When it does not say.
    pub async fn http_address(&self, node: &str) -> Result<SocketAddr, Unanswered> {
        let known = lock(&self.members).get(node).and_then(|member| member.http);
        let port = match known {
            Some(port) => port,
            None => {
                let port = self.call(node, &HTTP, HttpMsg::Port).await?;
                if let Some(member) = lock(&self.members).get_mut(node) {
                    member.http = Some(port);
                }
                port
            }
        };
        Ok(SocketAddr::from((Ipv4Addr::LOCALHOST, port)))
    }

    /// A claim about a node that did not hold, with the end of its stderr and, if that tells of a
    /// panic, the place of it.
    pub fn failed_at(
        &self,
        node: &str,
        seen: impl Into<String>,
        expected: impl Into<String>,
    ) -> crate::verdict::Failure {
        let mut failure = self.failed(seen, expected).node(node);
        if let Ok(child) = self.child(node) {
            let stderr = child.last_stderr_lines(20);
            failure = failure.stderr(node, stderr);
        }
        failure
    }

    /// Sends a request to a node, and waits for its answer.
    async fn exchange(
        &self,
        node: &str,
        request: &Request,
        within: Duration,
    ) -> Result<Result<Answer, Silence>, Unanswered> {
        let address = self.http_address(node).await?;
        let connecting = self.world.connect(address.port());
        Ok(exchange(connecting, address, request, within).await)
    }

    /// Forgets on which port a node listens, unless it is killed: then none is better. Says
    /// whether it may tell another one.
    fn forget_http(&self, node: &str) -> bool {
        match lock(&self.members).get_mut(node) {
            Some(member) if member.standing == Standing::Running => member.http.take().is_some(),
            _ => false,
        }
    }

    fn tell_request(&self, node: &str, words: &str, said: &str, took: Option<Duration>) {
        self.write_down(What::Request {
            node: node.to_owned(),
            question: words.to_owned(),
            answer: said.to_owned(),
            took_us: took.map(|took| took.as_micros() as u64),
        });
    }

    /// An answer 500, unless behind it is code that is not written yet.
    async fn written_behind(
        &self,
        node: &str,
        words: &str,
        answer: Answer,
    ) -> Result<Answer, NoAnswer> {
        let begun = Instant::now();
        loop {
            if let Err(stop) = self.written() {
                return Err(NoAnswer {
                    silence: None,
                    node: node.to_owned(),
                    seen: format!(
                        "{node} reached code that is not written yet when it handled `{words}`"
                    ),
                    lasting: true,
                    stop: Box::new(stop),
                });
            }
            // What it wrote may still be on its way to us.
            if begun.elapsed() > LAST_WORDS {
                return Ok(answer);
            }
            sleep(Duration::from_millis(10)).await;
        }
    }

    async fn no_answer(
        &self,
        node: &str,
        silence: Silence,
        meaning: Meaning,
        begun: Instant,
        within: Duration,
    ) -> NoAnswer {
        let (seen, lasting) = (meaning.seen.clone(), meaning.is_lasting());
        let killed = lock(&self.members)
            .get(node)
            .is_some_and(|member| member.standing == Standing::Killed);
        let ailing = match silence {
            _ if killed => None,
            Silence::Refused(_) | Silence::Closed(_) => self.ailing_soon().await,
            _ => self.healthy().await.err(),
        };
        let too_slow = || match silence {
            Silence::TooLate => self.too_slow(begun, within),
            _ => None,
        };
        let stop = match ailing.or_else(too_slow) {
            Some(stop) => stop,
            None => self.stop_for(node, meaning).await,
        };
        NoAnswer {
            silence: Some(silence),
            node: node.to_owned(),
            seen,
            lasting,
            stop: Box::new(stop),
        }
    }
}

impl Silence {
    fn in_words(&self) -> String {
        match self {
            Silence::Refused(_) => "no program listens".to_owned(),
            Silence::Closed(_) => "closed without an answer".to_owned(),
            Silence::TooLate => "no answer".to_owned(),
            Silence::NotHttp(_) => "something that is not HTTP".to_owned(),
            Silence::TooLong => "an answer that does not end".to_owned(),
        }
    }
}

/// What it says about the learner's program that a request was not answered.
fn meaning(node: &str, words: &str, silence: &Silence, within: Duration) -> Meaning {
    let answered = format!("{node} answers `{words}`");
    let (seen, expected, why, crash) = match silence {
        Silence::Refused(why) => (
            format!("{node} accepts no connections for HTTP: {why}"),
            answered,
            "A visitor may ask any node, so every running node must listen.",
            true,
        ),
        Silence::Closed(_) => (
            format!("{node} closed the connection before it had answered `{words}`"),
            answered,
            "The client does not know whether it happened.",
            true,
        ),
        Silence::TooLate => (
            format!(
                "{node} did not answer `{words}` within {} s",
                within.as_secs_f32()
            ),
            answered,
            "The client is a person with a browser. A node that cannot answer now must answer 503 soon, \
             so every wait for the store or another node needs a timeout.",
            false,
        ),
        Silence::NotHttp(why) => (
            format!("{node} answered `{words}` with something that is not HTTP: {why}"),
            format!("{node} answers `{words}` in HTTP/1.1"),
            "Browsers speak HTTP.",
            false,
        ),
        Silence::TooLong => (
            format!("{node} answered `{words}` with more than {LONGEST_BODY} bytes"),
            format!("{node} answers `{words}` in a few lines"),
            "The answers about a short link are short.",
            false,
        ),
    };
    Meaning {
        seen,
        kind: MeaningKind::Failure {
            expected,
            why,
            crash,
        },
    }
}

/// Connects, asks, and reads the whole answer.
async fn exchange<S: AsyncRead + AsyncWrite + Send + Unpin + 'static>(
    connecting: impl Future<Output = io::Result<S>>,
    address: SocketAddr,
    request: &Request,
    within: Duration,
) -> Result<Answer, Silence> {
    let exchange = exchange_at_leisure(connecting, address, request);
    let answer = timeout(within, exchange).await;
    answer.unwrap_or(Err(Silence::TooLate))
}

async fn exchange_at_leisure<S: AsyncRead + AsyncWrite + Send + Unpin + 'static>(
    connecting: impl Future<Output = io::Result<S>>,
    address: SocketAddr,
    request: &Request,
) -> Result<Answer, Silence> {
    let begun = Instant::now();
    let stream = connecting
        .await
        .map_err(|error| Silence::Refused(error.to_string()))?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream))
        .await
        .map_err(silence)?;
    // The connection ends with this future, however that ends.
    let mut driver = JoinSet::new();
    driver.spawn(connection);
    let mut to_send = hyper::Request::builder()
        .method(request.method)
        .uri(&request.path)
        .header("host", address.to_string())
        .header("connection", "close");
    for (name, value) in &request.headers {
        to_send = to_send.header(name, value);
    }
    let to_send = to_send
        .body(Full::new(Bytes::from(request.body.clone())))
        .expect("scenarios send proper requests");
    let (head, body) = sender
        .send_request(to_send)
        .await
        .map_err(silence)?
        .into_parts();
    let body = Limited::new(body, LONGEST_BODY)
        .collect()
        .await
        .map_err(|error| match error.downcast::<hyper::Error>() {
            Ok(error) => silence(*error),
            Err(error) if error.is::<LengthLimitError>() => Silence::TooLong,
            Err(error) => Silence::Closed(error.to_string()),
        })?
        .to_bytes();
    let header = |name: &str| {
        let value = head.headers.get(name)?;
        Some(String::from_utf8_lossy(value.as_bytes()).into_owned())
    };
    Ok(Answer {
        status: head.status.as_u16(),
        location: header("location"),
        retry_after: header("retry-after"),
        content_type: header("content-type"),
        body: String::from_utf8_lossy(&body).into_owned(),
        took: begun.elapsed(),
    })
}

fn silence(error: hyper::Error) -> Silence {
    if error.is_parse() {
        Silence::NotHttp(error.to_string())
    } else {
        Silence::Closed(error.to_string())
    }
}

/// The beginning of a text, on one line.
fn in_line(text: &str, most: usize) -> String {
    shortened(&text.replace(char::is_control, " "), most)
}

#[cfg(test)]
mod tests;
