//! How long the page of a long run takes: to write, to paint, and to zoom.
//!
//! `cargo bench -p checker --bench report` prints figures; nothing fails by the clock, as clocks
//! depend on machines. The aims: written within a second in a debug build (`cargo test -p checker
//! --bench report`), painted within a second, zoomed within 50 ms a frame.

#![allow(clippy::print_stdout)] // A bench that nobody reads may panic.

#[path = "../tests/page/browser.rs"]
#[allow(dead_code, reason = "the tests use more of it")]
mod browser;
#[path = "../tests/page/fixtures.rs"]
#[allow(dead_code, reason = "the tests use more of it")]
mod fixtures;

use browser::Browser;
use checker::manifest::PARTS;
use fixtures::{Kept, long, verdict};
use report::page;
use tokio::time::Instant;

/// Zooms out and in again, and scrolls: the times of the frames, in milliseconds.
const FRAMES: &str = r##"
    const done = arguments[arguments.length - 1];
    const times = { zoom: [], scroll: [], follow: [] };
    const diagram = document.querySelector("#diagram");
    const keys = [..."------++++++++++----"];
    function frame(kind, act, next) {
        requestAnimationFrame(() => {
            const begun = performance.now();
            act();
            // What must be laid out and painted for it belongs to it.
            diagram.getBoundingClientRect();
            const channel = new MessageChannel();
            channel.port1.onmessage = () => { times[kind].push(performance.now() - begun); next(); };
            requestAnimationFrame(() => channel.port2.postMessage(0));
        });
    }
    const press = (key) => document.body.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
    function scroll(kind, by, left, then) {
        if (!left) return then();
        frame(kind, () => { diagram.scrollTop += by; }, () => scroll(kind, by, left - 1, then));
    }
    // When nothing is chosen, the logs follow.
    function follow() {
        press("Escape");
        scroll("follow", -900, 20, () => done(times));
    }
    function zoom() {
        const key = keys.shift();
        if (!key) return scroll("scroll", 900, 20, follow);
        frame("zoom", () => press(key), zoom);
    }
    zoom();
"##;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    for messages in [100, 1_000, 10_000] {
        let trace = long(messages);
        let kept = Kept::new();
        let (run, report) = kept.without_page(verdict(&trace), &trace);
        let mut best = f64::MAX;
        for _ in 0..3 {
            let begun = Instant::now();
            page::write(&run, &report, &PARTS).unwrap();
            best = best.min(begun.elapsed().as_secs_f64());
        }
        let size = std::fs::metadata(run.page()).unwrap().len();
        println!(
            "{messages:>6} messages: written in {:.0} ms, {} kB",
            best * 1000.0,
            size / 1000
        );
        let Some(browser) = Browser::take().await else {
            continue;
        };
        browser.open(&run.page()).await;
        let painted = browser
            .script("return document.documentElement.dataset.painted")
            .await;
        let frames = browser.slow_script(FRAMES).await;
        let times = |kind: &str| {
            let times = frames[kind].as_array().unwrap();
            let mut times: Vec<f64> = times.iter().filter_map(serde_json::Value::as_f64).collect();
            times.sort_by(f64::total_cmp);
            format!(
                "{:.0} ms (worst {:.0})",
                times[times.len() / 2],
                times[times.len() - 1]
            )
        };
        println!(
            "        painted after {} ms; a frame of zooming {}, of scrolling {}, with logs {}",
            painted.as_str().unwrap_or("?"),
            times("zoom"),
            times("scroll"),
            times("follow"),
        );
        assert_eq!(browser.troubles().await, "");
    }
}
