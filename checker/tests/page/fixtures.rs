//! Runs made by hand: what happened in them is known to the last message.

use std::path::PathBuf;
use std::time::Duration;

use checker::manifest::PARTS;
use grader::course::Course;
use grader::part_report::{Graded, PartReport};
use grader::runs::Run;
use report::page;
use testkit::guard::Stream;
use testkit::trace::{
    Change, Event, Fate, Kind, LogLine, Message, StoreMode, Trace, VERSION, Violation, What,
};
use testkit::verdict::{Failure, Outcome, ProblemResult, Verdict, World};

/// A folder that is taken for a course, in which runs are kept.
pub(crate) struct Kept {
    folder: tempfile::TempDir,
}

impl Kept {
    pub(crate) fn new() -> Kept {
        Kept {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    fn course(&self) -> Course {
        Course {
            root: self.folder.path().to_owned(),
            version: String::new(),
            rust_version: String::new(),
            manifest: toml::Table::new(),
        }
    }

    /// Keeps a run of one scenario of part 1, and writes its page.
    pub(crate) fn run(&self, verdict: Verdict, trace: &Trace) -> PathBuf {
        let run = self.without_page(verdict, trace);
        page::write(&run.0, &run.1, &PARTS).unwrap();
        run.0.page()
    }

    /// Keeps a session of `checker play`, and writes its page.
    pub(crate) fn played(&self, trace: &Trace) -> PathBuf {
        let (run, report) = self.keep(0, verdict(trace), trace);
        page::write(&run, &report, &PARTS).unwrap();
        run.page()
    }

    /// Keeps a run whose page nobody wrote yet.
    pub(crate) fn without_page(&self, verdict: Verdict, trace: &Trace) -> (Run, PartReport) {
        self.keep(1, verdict, trace)
    }

    fn keep(&self, problem: u8, verdict: Verdict, trace: &Trace) -> (Run, PartReport) {
        let run = Run::begin(&self.course(), "part1").unwrap();
        let folder = PathBuf::from("run-1/part1-twice-1");
        std::fs::create_dir_all(run.path().join(&folder)).unwrap();
        let file = run.path().join(&folder).join("trace-1.json");
        std::fs::write(file, serde_json::to_vec(trace).unwrap()).unwrap();
        let outcome = Outcome {
            scenario: trace.scenario.clone(),
            title: "a ping that is delivered twice counts once".into(),
            problem,
            verdict,
            observations: Vec::new(),
            duration: Duration::from_millis(700),
            repeats: Vec::new(),
            seed: 42,
            explored: None,
            world: World::Processes,
            schedules: 0,
            unsimulated: None,
            folder: Some(folder),
        };
        let mut report = PartReport::new(&PARTS[0], Graded::Exercise, 42, 1);
        report.conclude(vec![ProblemResult::new(
            problem,
            "Broadcast",
            false,
            vec![outcome],
        )]);
        run.save(&report).unwrap();
        let kept = (*run).clone();
        run.end();
        (kept, report)
    }
}

/// A verdict for a trace: failed, if a claim did not hold in it.
pub(crate) fn verdict(trace: &Trace) -> Verdict {
    match &trace.violation {
        None => Verdict::Passed {
            property: "A ping that is delivered twice counts once.".into(),
        },
        Some(violation) => Verdict::Failed(Box::new(
            Failure::new(
                "n1 sends a ping, and the network delivers it twice",
                violation.seen.clone(),
                "n2's consumer shows {n1: 1}",
            )
            .because("a network may deliver a message twice"),
        )),
    }
}

/// Three nodes, a ping that arrives twice, one that is lost, one that is held back, a crash, a
/// partition, and a claim that does not hold.
pub(crate) fn failing() -> Trace {
    let mut trace = quiet();
    let ping = |n| format!("Ping{{from: n1, count: {n}}}");
    let of = |from, to, label: String, fate| Message {
        fate,
        ..message(from, to, Kind::Cast, &label)
    };
    trace.events.extend([
        at(30_000, step("The network loses and doubles pings.")),
        sent(30_100, of("n1", "n2", ping(2), Fate::Doubled)),
        sent(30_200, of("n1", "n3", ping(2), Fate::Dropped)),
        sent(30_300, of("n1", "n3", ping(3), Fate::Held)),
        sent(31_000, of("n1", "n2", ping(3), Fate::Swallowed)),
        at(
            40_000,
            What::Process {
                node: "n3".into(),
                change: Change::Crashed,
                server: Some("consumer".into()),
                text: "n3's consumer crashes".into(),
            },
        ),
        at(41_000, partition("n1", "n3")),
        at(41_100, partition("n2", "n3")),
        at(2_041_100, What::Healed { a: None, b: None }),
        at(
            2_050_000,
            What::Request {
                node: "n2".into(),
                question: "GET /pings".into(),
                answer: "200 2".into(),
                took_us: Some(1500),
            },
        ),
        at(
            2_060_000,
            What::StoreFault {
                nodes: vec!["n2".into()],
                mode: StoreMode::Stalled,
                delay_us: None,
                text: "n2's store answers nothing".into(),
            },
        ),
    ]);
    trace.violation = Some(Violation {
        at_us: 2_100_000,
        node: Some("n2".into()),
        seen: "n2's consumer shows {n1: 2}".into(),
    });
    trace.ended_us = 2_200_000;
    trace
}

/// A few messages, and all is well.
pub(crate) fn quiet() -> Trace {
    let line = |node: &str, at_us, text: &str| LogLine {
        at_us,
        node: node.into(),
        stream: Stream::Stderr,
        text: text.into(),
    };
    Trace {
        version: VERSION,
        scenario: "part1-twice".into(),
        nodes: vec!["n1".into(), "n2".into(), "n3".into()],
        events: vec![
            at(1000, step("n1 asks n2, and sends its first ping.")),
            sent(1100, message("n1", "n2", Kind::Tick, "tick")),
            sent(2000, message("n1", "n2", Kind::Call, "Count?")),
            sent(2200, message("n2", "n1", Kind::Answer, "Count = 0")),
            sent(
                3000,
                message("n1", "n2", Kind::Cast, "Ping{from: n1, count: 1}"),
            ),
        ],
        logs: vec![
            line("n1", 1500, "n1 has begun"),
            line("n2", 30_150, "n2 counts a ping"),
        ],
        violation: None,
        ended_us: 10_000,
        forgotten: 0,
    }
}

/// A trace of very many messages between five nodes, with a failure near its end.
pub(crate) fn long(messages: u64) -> Trace {
    let mut trace = quiet();
    trace.nodes.extend(["n4".into(), "n5".into()]);
    for number in 0..messages {
        let (from, to) = (number % 5 + 1, (number * 3 + 1) % 5 + 1);
        let to = if from == to { to % 5 + 1 } else { to };
        let label = format!("Ping{{from: n{from}, count: {}}}", number / 5);
        let mut ping = message(&format!("n{from}"), &format!("n{to}"), Kind::Cast, &label);
        ping.body =
            Some(serde_json::json!({"Ping": {"from": format!("n{from}"), "count": number}}));
        if number % 500 == 7 {
            ping.fate = Fate::Dropped;
        }
        if number % 20 == 3 {
            trace.logs.push(LogLine {
                at_us: 10_000 + number * 150,
                node: format!("n{from}"),
                stream: Stream::Stderr,
                text: format!("INFO counted {number} pings"),
            });
        }
        let steps = number / 1000;
        trace
            .events
            .push(sent(10_000 + number * 150 + steps * 400_000, ping));
    }
    let end = trace.events.last().unwrap().at_us;
    trace.violation = Some(Violation {
        at_us: end + 1000,
        node: Some("n2".into()),
        seen: "n2's consumer shows {n1: 2}".into(),
    });
    trace.ended_us = end + 2000;
    trace
}

pub(crate) fn at(at_us: u64, what: What) -> Event {
    Event { at_us, what }
}

pub(crate) fn step(text: &str) -> What {
    What::Step {
        text: text.into(),
        fact: None,
    }
}

fn partition(a: &str, b: &str) -> What {
    What::Partition {
        a: a.into(),
        b: b.into(),
    }
}

/// A message that is sent at a time, and arrives if its fate lets it.
pub(crate) fn sent(at_us: u64, message: Message) -> Event {
    let delivered_us = match message.fate {
        Fate::Delivered | Fate::Doubled => Some(at_us + 60),
        Fate::Held => Some(at_us + 5000),
        _ => None,
    };
    at(
        at_us,
        What::Message(Box::new(Message {
            delivered_us,
            ..message
        })),
    )
}

pub(crate) fn message(from: &str, to: &str, kind: Kind, label: &str) -> Message {
    let name = label.split(['{', '?', ' ']).next().unwrap();
    let called = matches!(kind, Kind::Call | Kind::Answer);
    Message {
        from: from.into(),
        to: to.into(),
        kind,
        server: (kind != Kind::Tick).then(|| "consumer".into()),
        name: Some(name.into()),
        label: label.into(),
        brief: bare(label),
        body: Some(serde_json::json!({ name: label })),
        call: called.then_some(7),
        connection: 0,
        clock: label.len() as u64,
        bytes: 40,
        fate: Fate::Delivered,
        delivered_us: None,
    }
}

/// The label without the names of its fields.
fn bare(label: &str) -> Option<String> {
    let (name, fields) = label.strip_suffix('}')?.split_once('{')?;
    let values = fields.split(", ").map(|field| field.split_once(": "));
    let values: Option<Vec<&str>> = values.map(|field| Some(field?.1)).collect();
    Some(format!("{name}{{{}}}", values?.join(", ")))
}
