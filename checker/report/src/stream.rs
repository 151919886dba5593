//! A run as a stream of JSON, one event a line, while it goes on.

use std::io::{self, Write};
use std::sync::{Mutex, PoisonError};

use serde_json::{Value, json};
use tokio::sync::watch;

use super::json::{JsonPart, JsonReport, SCHEMA};
use grader::building::Building;
use grader::part_report::{PartReport, Refused};
use grader::progress::Progress;
use testkit::scenario::Scenario;
use testkit::verdict::Outcome;

/// Writes what happens as it happens, a line each, and each line at once.
pub struct Stream {
    out: Mutex<Box<dyn Write + Send>>,
    part: Mutex<&'static str>,
    /// Why writing has become impossible, if it has; an empty text if the reader is gone.
    closed: watch::Sender<Option<String>>,
}

impl Stream {
    /// A stream that goes there.
    pub fn to(out: impl Write + Send + 'static) -> Stream {
        Stream {
            out: Mutex::new(Box::new(out)),
            part: Mutex::new(""),
            closed: watch::Sender::new(None),
        }
    }

    /// Waits until writing becomes impossible, and returns the reason; none if the reader is gone.
    pub async fn closed(&self) -> Option<String> {
        let mut closed = self.closed.subscribe();
        let why = closed.wait_for(Option::is_some).await;
        // The sender is in `self`: it does not go before.
        let why = why.ok().and_then(|why| why.clone());
        why.filter(|why| !why.is_empty())
    }

    /// Whether the reader is gone.
    pub fn is_closed(&self) -> bool {
        self.closed.borrow().is_some()
    }

    /// A part begins: what follows is about it.
    pub fn part_begun(&self, part: &'static str) {
        *self.part.lock().unwrap_or_else(PoisonError::into_inner) = part;
        self.tell("part_begun", json!({}));
    }

    /// A part has ended.
    pub fn part_ended(&self, report: &PartReport) {
        if let Some(Refused::DoesNotCompile { rendered, places }) = &report.refused {
            let errors = json!({ "rendered": rendered, "places": places });
            self.tell("compile_error", errors);
        }
        self.tell("part_ended", json!({ "report": JsonPart::from(report) }));
    }

    /// The checker could not grade a part.
    pub fn trouble(&self, trouble: &str) {
        self.tell("trouble", json!({ "why": trouble }));
    }

    /// Everything has ended.
    pub fn end(&self, report: &JsonReport) {
        *self.part.lock().unwrap_or_else(PoisonError::into_inner) = "";
        let end = json!({
            "checker": report.checker,
            "standing": report.standing,
            "exit_code": report.exit_code,
            "complete": report.complete,
            "points": report.points,
        });
        self.tell("end", end);
    }

    fn tell(&self, event: &str, mut about: Value) {
        let part = *self.part.lock().unwrap_or_else(PoisonError::into_inner);
        if let Value::Object(fields) = &mut about {
            fields.insert("schema".into(), SCHEMA.into());
            fields.insert("event".into(), event.into());
            if !part.is_empty() {
                fields.insert("part".into(), part.into());
            }
        }
        let mut out = self.out.lock().unwrap_or_else(PoisonError::into_inner);
        let told = writeln!(out, "{about}").and_then(|()| out.flush());
        if let Err(error) = told {
            let why = match error.kind() {
                io::ErrorKind::BrokenPipe => String::new(),
                _ => error.to_string(),
            };
            self.closed.send_replace(Some(why));
        }
    }

    fn tell_of(&self, event: &str, scenario: &Scenario, mut about: Value) {
        if let Value::Object(fields) = &mut about {
            fields.insert("scenario".into(), scenario.id.into());
            fields.insert("problem".into(), scenario.problem.into());
        }
        self.tell(event, about);
    }
}

impl Stream {
    fn tell_outcome(&self, event: &str, outcome: &Outcome) {
        // Where its folder will be is only known in the report.
        let outcome = Outcome {
            explored: None,
            folder: None,
            ..outcome.clone()
        };
        let about = json!({
            "scenario": outcome.scenario,
            "problem": outcome.problem,
            "outcome": outcome,
        });
        self.tell(event, about);
    }
}

impl Progress for Stream {
    fn build_begun(&self, package: &str) {
        self.tell("build_begun", json!({ "package": package }));
    }

    fn building(&self, what: &Building) {
        let about = match what {
            Building::WaitingForLock => json!({ "waiting_for_lock": true }),
            Building::LockTaken => json!({ "waiting_for_lock": false }),
            Building::Compiling(package) => json!({ "compiling": package }),
            Building::Progress(far) => json!({ "done": far.done, "of": far.of }),
        };
        self.tell("building", about);
    }

    fn build_ended(&self) {
        self.tell("build_ended", json!({}));
    }

    fn begun(&self, scenario: &Scenario) {
        let about = json!({ "title": scenario.title });
        self.tell_of("scenario_begun", scenario, about);
    }

    fn step(&self, scenario: &Scenario, step: &str) {
        self.tell_of("step", scenario, json!({ "step": step }));
    }

    fn repeated(&self, scenario: &Scenario, why: &str) {
        self.tell_of("scenario_repeated", scenario, json!({ "why": why }));
    }

    fn simulated(&self, outcome: &Outcome) {
        self.tell_outcome("scenario_simulated", outcome);
    }

    fn ended(&self, outcome: &Outcome) {
        self.tell_outcome("scenario_ended", outcome);
    }
}
