//! The report's page in a real browser: Chromium without a window.

#[path = "page/browser.rs"]
#[allow(dead_code, reason = "the bench uses more of it")]
mod browser;
#[path = "page/fixtures.rs"]
mod fixtures;

use std::future::Future;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use browser::Browser;
use fixtures::{Kept, at, failing, message, quiet, sent, step, verdict};
use testkit::trace::{Change, Kind, Trace, What};

/// Opens a page, tries something on it, and expects that the page had no trouble.
async fn on_page<F: Future<Output = ()> + Send>(
    page: &Path,
    try_it: impl FnOnce(Arc<Browser>) -> F + Send,
) {
    let Some(browser) = Browser::take().await else {
        return;
    };
    let browser = Arc::new(browser);
    browser.open(page).await;
    try_it(Arc::clone(&browser)).await;
    assert_eq!(browser.troubles().await, "");
}

fn page_of(trace: &Trace) -> (Kept, PathBuf) {
    let kept = Kept::new();
    let page = kept.run(verdict(trace), trace);
    (kept, page)
}

/// The labels of the messages that are drawn.
const LABELS: &str =
    "return [...document.querySelectorAll('#diagram .message .label')].map(l => l.textContent)";

/// The solutions on real clusters: whatever happens there, the page can draw it. By its name it is
/// the first to begin, as it takes the longest; the others have the browser meanwhile.
#[tokio::test]
async fn any_run_of_any_part_is_drawn() {
    let (first, second) = tokio::join!(
        async {
            [
                page_of_run("part1", "4").await,
                page_of_run("part2", "6").await,
            ]
        },
        async {
            [
                page_of_run("part3", "4").await,
                page_of_run("part4", "5").await,
            ]
        },
    );
    let Some(browser) = Browser::take().await else {
        return;
    };
    for page in first.iter().chain(&second) {
        browser.open(page).await;
        let page = page.display();
        let scenarios = browser.count("nav a").await;
        assert!(scenarios > 0, "{page}");
        for at in 0..scenarios {
            browser
                .script(&format!("document.querySelectorAll('nav a')[{at}].click()"))
                .await;
            browser
                .until(&format!(
                    "return document.querySelectorAll('nav a')[{at}].hasAttribute('aria-current')"
                ))
                .await;
            assert!(
                browser.count("#diagram .lane").await > 0,
                "{page}, scenario {at}"
            );
            browser
                .script("document.querySelector('[data-view=runtime]').click()")
                .await;
        }
        assert_eq!(browser.troubles().await, "", "{page}");
    }
}

/// Grades the solution of a problem, and says where the page of that run is.
async fn page_of_run(part: &str, problem: &str) -> PathBuf {
    let course = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let output = tokio::process::Command::new(env!("CARGO_BIN_EXE_checker"))
        // An exploration that passed leaves nothing to draw.
        .args([
            part,
            "--solution",
            "--problem",
            problem,
            "--explore",
            "off",
            "--json",
        ])
        .current_dir(course)
        .kill_on_drop(true)
        .output()
        .await
        .unwrap();
    let said: serde_json::Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("{part}: {}", String::from_utf8_lossy(&output.stderr)));
    let run = said["parts"][0]["run"].as_str().unwrap();
    Path::new(run).join("report.html")
}

#[tokio::test]
async fn failure_is_told_and_marked_and_what_led_to_it_is_highlighted() {
    let (_kept, page) = page_of(&failing());
    on_page(&page, async |browser| {
        assert!(browser.text("h1").await.contains("failed"));
        let told = browser.text(".card dl").await;
        for field in [
            "step",
            "seen",
            "required",
            "because",
            "training/part1.md#problem-1-broadcast",
        ] {
            assert!(told.contains(field), "{field} is missing in {told}");
        }
        let marked = browser.text("#diagram .event.violation").await;
        assert!(marked.contains("n2's consumer shows {n1: 2}"), "{marked}");
        let led = browser.text(".chain").await;
        assert!(
            led.contains("It was delivered twice on its way from n1 to n2."),
            "{led}"
        );
        assert!(led.contains("Count?"), "{led}");
        browser.press("k").await;
        assert!(browser.count("#diagram .event.cause").await > 0);
    })
    .await;
}

#[tokio::test]
async fn fates_are_told_apart_without_color() {
    let (_kept, page) = page_of(&failing());
    on_page(&page, async |browser| {
        browser
            .script("document.querySelector('#diagram').scrollTop = 0")
            .await;
        browser
            .until("return !!document.querySelector('#diagram .message.dropped')")
            .await;
        for (fate, word) in [
            ("dropped", "lost"),
            ("doubled", "×2"),
            ("held", "held"),
            ("swallowed", "swallowed"),
        ] {
            let label = browser
                .text(&format!("#diagram .message.{fate} .label"))
                .await;
            assert!(label.ends_with(word), "{fate}: {label}");
        }
        assert_eq!(browser.count("#diagram .bar.partition").await, 1);
        assert!(
            browser
                .text("#diagram .event.partition")
                .await
                .contains("n1 n2 | n3")
        );
    })
    .await;
}

/// Whether all that is written in the drawing stands within it, and within its own box.
const IS_CLIPPED: &str = r##"
    const drawing = document.querySelector("#diagram svg.body").getBoundingClientRect();
    const within = (text, frame) => text.left >= frame.left - 1 && text.right <= frame.right + 1;
    return [...document.querySelectorAll("#diagram .event text.text, #diagram .words text")].filter((text) => {
        const place = text.getBoundingClientRect();
        const box = text.parentNode.querySelector(".box")?.getBoundingClientRect();
        return !within(place, drawing) || (box && (!within(place, box) || place.height > box.height));
    }).map((text) => text.textContent)
"##;

#[tokio::test]
async fn long_texts_are_shown_in_full_at_any_width() {
    let words =
        "the answer holds these totals: {n1: 3, n2: 3}; and these failed: n3 (no answer in time)";
    for node in ["n1", "n3"] {
        let mut trace = failing();
        trace.events.push(at(2_070_000, step(&words.repeat(3))));
        let violation = trace.violation.as_mut().unwrap();
        violation.node = Some(node.into());
        violation.seen = format!("{words}, {words}, and a{}", "-very".repeat(60));
        let seen = violation.seen.clone();
        let (_kept, page) = page_of(&trace);
        on_page(&page, async |browser| {
            for width in [700, 1100, 1400] {
                browser
                    .script(&format!(
                        "document.querySelector('#diagram').style.width = '{}px'; dispatchEvent(new Event('resize'))",
                        width / 2
                    ))
                    .await;
                let clipped = browser.script(IS_CLIPPED).await;
                assert_eq!(clipped, serde_json::json!([]), "{node}, {width}");
                let shown = browser.script("return [...document.querySelectorAll('#diagram .violation tspan')].map(line => line.textContent).join('')").await;
                // A word that is longer than a line is broken without a space.
                let letters = |text: &str| text.replace(' ', "");
                assert_eq!(letters(shown.as_str().unwrap()), letters(&seen));
            }
            // With a lane for each process the drawing is wider than its window.
            browser.click("[data-view=processes]").await;
            let in_window = browser.script("const [box, host] = ['.violation .box', ''].map(of => document.querySelector(`#diagram ${of}`.trim()).getBoundingClientRect()); return box.left >= host.left && box.right <= host.right").await;
            assert_eq!(in_window, true, "{node}");
        })
        .await;
    }
}

#[tokio::test]
async fn label_without_room_loses_the_names_of_fields_first() {
    let mut trace = quiet();
    trace.nodes.extend(["n4".into(), "n5".into()]);
    let (_kept, page) = page_of(&trace);
    on_page(&page, async |browser| {
        let labels = browser.script(LABELS).await;
        assert_eq!(
            labels,
            serde_json::json!(["Count?", "Count = 0", "Ping{n1, 1}"])
        );
        browser.press("jjj").await;
        let told = browser.text("#details .title").await;
        assert_eq!(told, "Ping{from: n1, count: 1}");
    })
    .await;
}

#[tokio::test]
async fn logs_say_whose_moment_they_mark() {
    let (_kept, page) = page_of(&quiet());
    on_page(&page, async |browser| {
        assert_eq!(
            browser.text("#details .title").await,
            "No event is selected"
        );
        let seen = browser.text("#logs .now").await;
        assert!(seen.contains("the middle of the diagram"), "{seen}");
        browser.press("j").await;
        let chosen = browser.text("#logs .now").await;
        assert!(chosen.contains("the selected moment"), "{chosen}");
        browser.press("\u{e00c}").await;
        assert_eq!(browser.text("#logs .now").await, seen);
        assert_eq!(browser.count("#logs .now").await, 1);
    })
    .await;
}

#[tokio::test]
async fn kill_behind_a_lost_link_is_told_and_marked() {
    let mut trace = failing();
    let opened = What::Opened {
        connection: 9,
        from: "n2".into(),
        to: "n3".into(),
    };
    let killed = What::Process {
        node: "n3".into(),
        change: Change::Killed,
        server: None,
        text: "n3 is killed".into(),
    };
    let closed = What::Closed {
        connection: 9,
        by: None,
    };
    trace.events.insert(0, at(900, opened));
    trace.events.push(at(2_070_000, killed));
    trace.events.push(at(2_071_000, closed));
    let (_kept, page) = page_of(&trace);
    on_page(&page, async |browser| {
        let led = browser.text(".chain").await;
        let why =
            "It closed the connection from n2 to n3, so n2 declared n3 down before the failure.";
        assert!(led.contains("n3 is killed") && led.contains(why), "{led}");
        let marked = browser.text("#diagram .event.process.cause").await;
        assert!(marked.contains("n3 is killed"), "{marked}");
    })
    .await;
}

#[tokio::test]
async fn session_of_play_has_no_verdict() {
    let kept = Kept::new();
    let page = kept.played(&quiet());
    on_page(&page, async |browser| {
        for place in ["h1", "h2 .word", "nav li"] {
            let word = browser
                .script(&format!(
                    "return document.querySelector('{place}').textContent"
                ))
                .await;
            let word = word.as_str().unwrap();
            assert!(word.contains("session of play"), "{place}: {word}");
        }
        let all = browser.text("body").await;
        assert!(!all.contains("passed") && !all.contains('✓'), "{all}");
        assert!(all.contains("play part1 --seed 42"), "{all}");
    })
    .await;
}

#[tokio::test]
async fn on_paper_all_of_the_diagram_stands_in_pieces_and_then_on_the_screen_again() {
    let (_kept, page) = page_of(&fixtures::long(300));
    on_page(&page, async |browser| {
        browser.script("dispatchEvent(new Event('beforeprint'))").await;
        assert!(browser.count("#diagram .piece").await > 3);
        let printed = browser
            .script("return new Set([...document.querySelectorAll('#diagram .event.message')].map(one => one.dataset.place)).size")
            .await;
        assert_eq!(printed, 303);
        browser.script("dispatchEvent(new Event('afterprint'))").await;
        assert_eq!(browser.count("#diagram .piece").await, 0);
        assert!(browser.count("#diagram .event.message").await > 5);
    })
    .await;
}

#[tokio::test]
async fn picture_is_saved_as_shown_and_stands_alone() {
    let (_kept, page) = page_of(&failing());
    on_page(&page, async |browser| {
        browser
            .script("URL.createObjectURL = (file) => { window.file = file; return 'blob:x' }; HTMLAnchorElement.prototype.click = function () { window.name = this.download }")
            .await;
        browser.script("document.querySelector('[data-choice=nodes] input[value=n3]').click(); document.querySelector('#save').focus()").await;
        browser.press("\u{e007}").await;
        assert_eq!(
            browser.script("return window.name").await,
            "part1-twice-42.svg"
        );
        let file = browser
            .slow_script("window.file.text().then(arguments[0])")
            .await;
        let file = file.as_str().unwrap();
        // A program that knows nothing of the page can draw it: in light colors, which are in it.
        assert!(file.starts_with(r#"<svg xmlns="http://www.w3.org/2000/svg""#), "{file}");
        for shown in ["#b3261e", "Ping{from: n1, count: 2} ×2", "n1 n2 | n3", "n2's consumer shows"] {
            assert!(file.contains(shown), "{shown} is not in {file}");
        }
        for not_shown in ["var(", "reach\"", ">n3</text>"] {
            assert!(!file.contains(not_shown), "{not_shown} is in {file}");
        }
        let trouble = format!(
            "return new DOMParser().parseFromString({}, 'image/svg+xml').querySelector('parsererror')?.textContent ?? ''",
            serde_json::json!(file)
        );
        assert_eq!(browser.script(&trouble).await, "");
    })
    .await;
}

#[tokio::test]
async fn filter_leaves_what_was_asked_for() {
    let (_kept, page) = page_of(&quiet());
    on_page(&page, async |browser| {
        assert_eq!(
            browser.script(LABELS).await,
            serde_json::json!(["Count?", "Count = 0", "Ping{from: n1, count: 1}"])
        );
        browser.press("/ping").await;
        browser.press("").await;
        // The slash went to the page, the rest into the field that it led to.
        browser.script("const find = document.querySelector('#find'); find.value = 'ping'; find.dispatchEvent(new Event('input'))").await;
        assert_eq!(
            browser.script(LABELS).await,
            serde_json::json!(["Ping{from: n1, count: 1}"])
        );
        browser.script("const find = document.querySelector('#find'); find.value = ''; find.dispatchEvent(new Event('input'))").await;
        browser.script("document.querySelector('[data-choice=messages] input[value=Ping]').click()").await;
        assert_eq!(
            browser.script(LABELS).await,
            serde_json::json!(["Count?", "Count = 0"])
        );
        browser.script("document.querySelector('[data-choice=nodes] input[value=n2]').click()").await;
        assert_eq!(browser.script(LABELS).await, serde_json::json!([]));
    })
    .await;
}

#[tokio::test]
async fn runtime_messages_are_shown_when_asked_for() {
    let (_kept, page) = page_of(&quiet());
    on_page(&page, async |browser| {
        assert_eq!(browser.count("#diagram .event.runtime").await, 0);
        browser.click("[data-view=runtime]").await;
        assert_eq!(browser.count("#diagram .event.runtime").await, 1);
    })
    .await;
}

#[tokio::test]
async fn keys_step_through_the_messages_and_logs_follow() {
    let (_kept, page) = page_of(&quiet());
    on_page(&page, async |browser| {
        browser.press("j").await;
        assert!(browser.text("#details .title").await.contains("Count?"));
        browser.press("jj").await;
        assert!(
            browser
                .text("#details .title")
                .await
                .contains("Ping{from: n1, count: 1}")
        );
        assert!(browser.text("#logs .now").await.contains("3.0 ms"));
        assert!(browser.text("#said").await.contains("n1 → n2: Ping"));
        browser.press("k").await;
        assert!(browser.text("#details .title").await.contains("Count = 0"));
        browser.press("+").await;
        assert_eq!(browser.text("#zoom").await, "125%");
    })
    .await;
}

#[tokio::test]
async fn markup_in_messages_and_logs_is_shown_as_text() {
    let evil = "<img src=x onerror=\"document.title='owned'\"></script><script>document.title='owned'</script>";
    let mut trace = failing();
    let mut ping = message("n1", "n2", Kind::Cast, evil);
    ping.body = Some(serde_json::json!({ evil: evil }));
    trace.events.insert(1, sent(1050, ping));
    trace.logs[0].text = evil.into();
    trace.violation.as_mut().unwrap().seen = format!("n2 says {evil}");
    let (_kept, page) = page_of(&trace);
    on_page(&page, async |browser| {
        browser.script("document.querySelector('#diagram').scrollTop = 0; document.querySelector('#diagram').focus()").await;
        browser.press("\u{e00c}j").await;
        assert!(browser.text("#details pre").await.contains("<img src=x onerror="));
        assert!(browser.text("#logs").await.contains("</script><script>"));
        assert!(browser.text(".sentence").await.contains(evil));
        assert_eq!(browser.count("img").await, 0);
        let title = browser.script("return document.title").await;
        assert!(title.as_str().unwrap().starts_with("Part 1"), "{title}");
    })
    .await;
}

#[tokio::test]
async fn long_trace_is_thinned_out_around_the_failure_and_the_page_says_so() {
    let trace = fixtures::long(40_000);
    let (_kept, page) = page_of(&trace);
    let size = std::fs::metadata(&page).unwrap().len();
    assert!(size < 2_000_000, "{size} bytes");
    on_page(&page, async |browser| {
        let said = browser.text("#left-out").await;
        assert!(said.contains("Of 40,004 messages"), "{said}");
        assert!(browser.count("#diagram .event.violation").await > 0);
        browser.press("k").await;
        assert!(browser.text("#details .title").await.contains("Ping"));
        // Only what can be seen is drawn.
        assert!(browser.count("#diagram .message").await < 200);
    })
    .await;
}

#[tokio::test]
async fn table_has_what_the_picture_shows() {
    let (_kept, page) = page_of(&failing());
    on_page(&page, async |browser| {
        browser.click("#table summary").await;
        browser
            .until("return document.querySelectorAll('#rows tbody tr').length > 10")
            .await;
        let table = browser.text("#rows").await;
        assert!(table.contains("swallowed by a blackhole"), "{table}");
        assert!(table.contains("network cut: n1 n2 | n3"), "{table}");
        browser.click("#rows tbody tr:nth-child(2) button").await;
        assert!(browser.text("#details .title").await.contains("Count?"));
    })
    .await;
}
