//! A browser without a window, driven through its WebDriver.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

/// A browser. `close` ends it; the driver ends with it in any case.
pub(crate) struct Browser {
    client: Client,
    driver: Child,
}

impl Browser {
    /// Starts a browser; none, where there is no WebDriver and nobody insists on it.
    ///
    /// # Panics
    /// In CI, when there is none.
    pub(crate) async fn start() -> Option<Browser> {
        let driver = Command::new("chromedriver")
            .arg("--port=0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn();
        let mut driver = match driver {
            Ok(driver) => driver,
            Err(error) => {
                assert!(
                    std::env::var_os("CI").is_none(),
                    "the page cannot be tested without chromedriver: {error}"
                );
                eprintln!(
                    "SKIPPED: there is no chromedriver ({error}); on Debian, `apt-get install chromium chromium-driver` brings it"
                );
                return None;
            }
        };
        let port = port(&mut driver).await;
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
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities)
            .connect(&format!("http://127.0.0.1:{port}"))
            .await
            .unwrap();
        Some(Browser { client, driver })
    }

    /// Opens a page from a file.
    pub(crate) async fn open(&self, page: &Path) {
        let url = format!("file://{}", page.display());
        self.client.goto(&url).await.unwrap();
        // Twice the same address would only go to another place of the same page.
        self.client.refresh().await.unwrap();
        self.until("return !!document.documentElement.dataset.painted")
            .await;
    }

    /// What a script returns.
    pub(crate) async fn script(&self, script: &str) -> Value {
        self.client.execute(script, vec![]).await.unwrap()
    }

    /// What a script gives to the function that is its last argument.
    pub(crate) async fn slow_script(&self, script: &str) -> Value {
        self.client.execute_async(script, vec![]).await.unwrap()
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
        let found = self.client.find(Locator::Css(css)).await;
        found.unwrap().text().await.unwrap()
    }

    /// How many elements fit.
    pub(crate) async fn count(&self, css: &str) -> usize {
        self.client.find_all(Locator::Css(css)).await.unwrap().len()
    }

    /// Clicks on the first element that fits, wherever it has been scrolled to.
    pub(crate) async fn click(&self, css: &str) {
        self.script(&format!("document.querySelector({}).click()", json!(css)))
            .await;
    }

    /// Types into the page, or into the element that has the focus.
    pub(crate) async fn press(&self, keys: &str) {
        let focused = self.client.active_element().await.unwrap();
        focused.send_keys(keys).await.unwrap();
    }

    /// What went wrong in the page, as it noticed itself.
    pub(crate) async fn troubles(&self) -> String {
        let troubles = self
            .script("return document.documentElement.dataset.troubles ?? ''")
            .await;
        troubles.as_str().unwrap_or_default().to_owned()
    }

    /// Ends the browser.
    pub(crate) async fn close(mut self) {
        let _ = self.client.close().await;
        let _ = self.driver.kill().await;
    }
}

/// The port that the driver chose, which it prints.
async fn port(driver: &mut Child) -> u16 {
    let mut lines = BufReader::new(driver.stdout.take().unwrap()).lines();
    while let Some(line) = lines.next_line().await.unwrap() {
        if let Some((_, port)) = line.split_once("started successfully on port ") {
            let port = port.trim_end_matches('.').parse().unwrap();
            // Nobody reads on, but the driver must be able to write on.
            tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
            return port;
        }
    }
    panic!("chromedriver ended at once");
}
