//! A browser without a window, driven through its WebDriver.

use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1;
use hyper::{Method, Request, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::sync::{MappedMutexGuard, Mutex, MutexGuard};

/// The one browser of this program. The first test that takes it starts it.
static BROWSER: Mutex<Option<Shared>> = Mutex::const_new(None);

/// The field by which WebDriver names an element.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// The browser, and what keeps it alive.
struct Shared {
    port: u16,
    session: String,
    _driver: Driver,
}

/// What leads the driver and all that it starts, one group of processes with a folder of its own.
/// They end when its input does: when this is dropped, and when this program ends in any way, be
/// it by a panic or by a signal.
struct Driver(#[allow(dead_code, reason = "its input is to stay open")] Child);

/// The leader's program. The driver does not hold the leader's input, nor the leader the driver's
/// output; and the leader ends last.
const LEADER: &str = "chromedriver --port=0 </dev/null & exec >&-; read -r _; \
    trap '' TERM; kill -TERM 0; wait; rm -rf \"$TMPDIR\"; kill -KILL 0";

fn is_installed() -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).any(|folder| folder.join("chromedriver").is_file());
    if !found {
        assert!(
            std::env::var_os("CI").is_none(),
            "the page cannot be tested without chromedriver"
        );
        runtime::terminal::note(
            "SKIPPED: there is no chromedriver; on Debian, `apt-get install chromium chromium-driver` brings it",
        );
    }
    found
}

impl Shared {
    async fn start() -> Shared {
        let (driver, port) = Driver::start();
        let capabilities = json!({
            "goog:chromeOptions": {
                "args": [
                    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                    "--window-size=1400,1000", "--no-first-run", "--disable-background-networking",
                ],
            },
            "goog:loggingPrefs": { "browser": "ALL" },
        });
        let wanted = json!({ "capabilities": { "alwaysMatch": capabilities } });
        let started = ask(port, Method::POST, "/session", &wanted).await;
        Shared {
            port,
            session: format!("/session/{}", started["sessionId"].as_str().unwrap()),
            _driver: driver,
        }
    }
}

/// Sends one WebDriver command, and gives the value of the answer. Each command has a connection of
/// its own, because each test has a runtime of its own.
async fn ask(port: u16, method: Method, path: &str, body: &Value) -> Value {
    let stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    let body = match method {
        Method::GET => Bytes::new(),
        _ => body.to_string().into(),
    };
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("host", format!("127.0.0.1:{port}"))
        .body(Full::new(body))
        .unwrap();
    let answer = sender.send_request(request).await.unwrap();
    let status = answer.status();
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    let mut said: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(status, StatusCode::OK, "{path}: {said}");
    said["value"].take()
}

impl Driver {
    /// Starts the driver; says at which port it listens.
    fn start() -> (Driver, u16) {
        let mut leader = Command::new("sh")
            .args(["-c", LEADER])
            .process_group(0)
            .env("TMPDIR", tempfile::tempdir().unwrap().keep())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(leader.stdout.take().unwrap()).lines();
        let port = lines.by_ref().map_while(Result::ok).find_map(|line| {
            let (_, port) = line.split_once("started successfully on port ")?;
            port.trim_end_matches('.').parse().ok()
        });
        // Nobody reads on, but the driver must be able to write on.
        std::thread::spawn(move || lines.for_each(drop));
        (Driver(leader), port.expect("chromedriver ended at once"))
    }
}

/// The browser, as long as one test has it for itself.
pub(crate) struct Browser(MappedMutexGuard<'static, Shared>);

impl Browser {
    /// Takes the browser when it is free; none, where there is no WebDriver and nobody insists on
    /// it.
    ///
    /// # Panics
    /// In CI, when there is none.
    pub(crate) async fn take() -> Option<Browser> {
        if !is_installed() {
            return None;
        }
        let mut browser = BROWSER.lock().await;
        if browser.is_none() {
            *browser = Some(Shared::start().await);
        }
        let shared = MutexGuard::map(browser, |started| started.as_mut().unwrap());
        Some(Browser(shared))
    }

    /// Opens a page from a file.
    pub(crate) async fn open(&self, page: &Path) {
        let url = format!("file://{}", page.display());
        self.post("/url", json!({ "url": url })).await;
        self.until("return !!document.documentElement.dataset.painted")
            .await;
    }

    /// What a script returns.
    pub(crate) async fn script(&self, script: &str) -> Value {
        self.post("/execute/sync", json!({ "script": script, "args": [] }))
            .await
    }

    /// What a script gives to the function that is its last argument.
    pub(crate) async fn slow_script(&self, script: &str) -> Value {
        self.post("/execute/async", json!({ "script": script, "args": [] }))
            .await
    }

    /// Waits until a script returns true.
    pub(crate) async fn until(&self, script: &str) {
        let is_true = async || while self.script(script).await != json!(true) {};
        let waited = tokio::time::timeout(Duration::from_secs(20), is_true()).await;
        if waited.is_err() {
            let troubles = self.troubles().await;
            panic!("this did not become true: {script}; the page says: {troubles}");
        }
    }

    /// The text of the first element that fits, as a reader sees it.
    pub(crate) async fn text(&self, css: &str) -> String {
        let found = self.post("/element", by_css(css)).await;
        let text = self.get(&format!("{}/text", element(&found))).await;
        text.as_str().unwrap().to_owned()
    }

    /// How many elements fit.
    pub(crate) async fn count(&self, css: &str) -> usize {
        let found = self.post("/elements", by_css(css)).await;
        found.as_array().unwrap().len()
    }

    /// Clicks on the first element that fits, wherever it has been scrolled to.
    pub(crate) async fn click(&self, css: &str) {
        self.script(&format!("document.querySelector({}).click()", json!(css)))
            .await;
    }

    /// Types into the page, or into the element that has the focus.
    pub(crate) async fn press(&self, keys: &str) {
        let focused = self.get("/element/active").await;
        let path = format!("{}/value", element(&focused));
        self.post(&path, json!({ "text": keys })).await;
    }

    /// What went wrong in the page, as it noticed itself.
    pub(crate) async fn troubles(&self) -> String {
        let troubles = self
            .script("return document.documentElement.dataset.troubles ?? ''")
            .await;
        troubles.as_str().unwrap_or_default().to_owned()
    }

    async fn get(&self, path: &str) -> Value {
        self.ask(Method::GET, path, Value::Null).await
    }

    async fn post(&self, path: &str, body: Value) -> Value {
        self.ask(Method::POST, path, body).await
    }

    async fn ask(&self, method: Method, path: &str, body: Value) -> Value {
        let path = format!("{}{path}", self.0.session);
        ask(self.0.port, method, &path, &body).await
    }
}

fn by_css(css: &str) -> Value {
    json!({ "using": "css selector", "value": css })
}

/// The path of an element that WebDriver found.
fn element(found: &Value) -> String {
    format!("/element/{}", found[ELEMENT].as_str().unwrap())
}
