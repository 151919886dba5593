//! A browser without a window, driven through its WebDriver.

use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{LazyLock, mpsc};
use std::time::Duration;

use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tokio::sync::{Mutex, MutexGuard};

/// The one browser of this program: whoever has it opens a page of their own in it.
static BROWSER: LazyLock<Option<Mutex<Shared>>> =
    LazyLock::new(|| is_installed().then(|| Mutex::new(Shared::start())));

/// The browser, and what keeps it alive.
struct Shared {
    client: Client,
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
    /// Starts the browser. Its client gets a thread, as each test's own runtime ends with the test.
    fn start() -> Shared {
        let (driver, port) = Driver::start();
        let (started, client) = mpsc::channel();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async {
                let _ = started.send(connect(port).await);
                std::future::pending::<()>().await;
            });
        });
        Shared {
            client: client.recv().unwrap(),
            _driver: driver,
        }
    }
}

async fn connect(port: u16) -> Client {
    let options = json!({
        "goog:chromeOptions": {
            "args": [
                "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                "--window-size=1400,1000", "--no-first-run", "--disable-background-networking",
            ],
        },
        "goog:loggingPrefs": { "browser": "ALL" },
    });
    let Value::Object(capabilities) = options else {
        unreachable!("the options are an object")
    };
    ClientBuilder::new(HttpConnector::new())
        .capabilities(capabilities)
        .connect(&format!("http://127.0.0.1:{port}"))
        .await
        .unwrap()
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
pub(crate) struct Browser(MutexGuard<'static, Shared>);

impl Browser {
    /// Takes the browser when it is free; none, where there is no WebDriver and nobody insists on
    /// it.
    ///
    /// # Panics
    /// In CI, when there is none.
    pub(crate) async fn take() -> Option<Browser> {
        Some(Browser(BROWSER.as_ref()?.lock().await))
    }

    /// Opens a page from a file.
    pub(crate) async fn open(&self, page: &Path) {
        let url = format!("file://{}", page.display());
        self.client().goto(&url).await.unwrap();
        self.until("return !!document.documentElement.dataset.painted")
            .await;
    }

    /// What a script returns.
    pub(crate) async fn script(&self, script: &str) -> Value {
        self.client().execute(script, vec![]).await.unwrap()
    }

    /// What a script gives to the function that is its last argument.
    pub(crate) async fn slow_script(&self, script: &str) -> Value {
        self.client().execute_async(script, vec![]).await.unwrap()
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
        let found = self.client().find(Locator::Css(css)).await;
        found.unwrap().text().await.unwrap()
    }

    /// How many elements fit.
    pub(crate) async fn count(&self, css: &str) -> usize {
        self.client()
            .find_all(Locator::Css(css))
            .await
            .unwrap()
            .len()
    }

    /// Clicks on the first element that fits, wherever it has been scrolled to.
    pub(crate) async fn click(&self, css: &str) {
        self.script(&format!("document.querySelector({}).click()", json!(css)))
            .await;
    }

    /// Types into the page, or into the element that has the focus.
    pub(crate) async fn press(&self, keys: &str) {
        let focused = self.client().active_element().await.unwrap();
        focused.send_keys(keys).await.unwrap();
    }

    /// What went wrong in the page, as it noticed itself.
    pub(crate) async fn troubles(&self) -> String {
        let troubles = self
            .script("return document.documentElement.dataset.troubles ?? ''")
            .await;
        troubles.as_str().unwrap_or_default().to_owned()
    }

    fn client(&self) -> &Client {
        &self.0.client
    }
}
