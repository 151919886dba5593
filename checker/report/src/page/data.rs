//! What the page's script gets.

use std::collections::{BTreeMap, BTreeSet};

use runtime::terminal::visible;
use serde::Serialize;
use serde_json::{Value, json};

use super::room;
use super::sums::{self, Sums};
use crate::causes::causes;
use crate::causes::is_of_story;
use crate::causes::{self, Cause};
use crate::terminal::again;
use crate::words::sentence;
use crate::world;
use grader::part_report::{PartReport, Refused};
use grader::runs::Run;
use testkit::guard::Stream;
use testkit::part::Part;
use testkit::trace::{Event, LogLine, Message, Trace, Violation, What};
use testkit::verdict::{Failure, LastLines, Outcome, ProblemResult, Standing, Verdict, at_line};

/// All of the page.
#[derive(Debug, Serialize)]
pub(super) struct PageData {
    /// `Part 1, Ping pong: your code, seed 42`
    pub(super) heading: String,
    pub(super) standing: &'static str,
    /// The name of the run, which begins with its time.
    run: String,
    notes: Vec<String>,
    /// Why nothing was run, if nothing was; a paragraph each.
    refused: Vec<String>,
    problems: Vec<ProblemData>,
    scenarios: Vec<ScenarioData>,
    /// Which scenario is shown first.
    opened: usize,
    /// Labels, servers and names, once each: messages name them by their places.
    words: Vec<String>,
    /// How causes are found.
    how_causes: &'static str,
}

#[derive(Debug, Serialize)]
struct ProblemData {
    number: u8,
    title: String,
    optional: bool,
    standing: &'static str,
}

#[derive(Debug, Serialize)]
struct ScenarioData {
    id: String,
    title: String,
    problem: u8,
    seed: u64,
    standing: &'static str,
    seconds: f64,
    /// What was shown, or why nothing can be said, as a sentence.
    sentence: String,
    /// What is known about it, as the terminal shows it: a name, and paragraphs.
    fields: Vec<(&'static str, Vec<String>)>,
    observations: Vec<String>,
    repeats: Vec<String>,
    /// The command that runs it again.
    again: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    stderr: Option<LastLines>,
    traces: Vec<TraceData>,
}

#[derive(Debug, Serialize)]
struct TraceData {
    nodes: Vec<String>,
    events: Vec<Value>,
    /// When, which node, whether to stderr, and the text.
    logs: Vec<(u64, usize, bool, String)>,
    #[serde(skip_serializing_if = "Option::is_none")]
    violation: Option<Violation>,
    causes: Vec<Cause>,
    ended_us: u64,
    /// How many messages and other events there were, and how many of them are not shown.
    all: [usize; 2],
    left_out: [usize; 2],
    /// How many lines of logs are not shown.
    lines_left_out: usize,
    /// How many events the checker itself had forgotten.
    forgotten: u64,
    sums: Sums,
}

impl PageData {
    pub(super) fn gather(
        run: &Run,
        report: &PartReport,
        part: Option<&Part>,
        command: &str,
        room: usize,
    ) -> PageData {
        let problems = report.problems.iter();
        let scenes: Vec<Scene> = problems
            .flat_map(|problem| {
                problem
                    .outcomes
                    .iter()
                    .map(move |outcome| (problem, outcome))
            })
            .map(|(problem, outcome)| Scene::read(run, problem, outcome))
            .collect();
        let wanted: Vec<(usize, usize)> = scenes.iter().flat_map(Scene::wanted).collect();
        let mut shares = room::shares(&wanted, room).into_iter();
        let mut words = Words::default();
        let scenarios: Vec<ScenarioData> = scenes
            .into_iter()
            .map(|scene| scene.data(report, part, command, &mut shares, &mut words))
            .collect();
        let opened = |word: Standing| {
            scenarios
                .iter()
                .position(|scenario| scenario.standing == word.word())
        };
        PageData {
            heading: heading(report),
            standing: report.word(),
            run: run.name(),
            notes: report.notes.iter().map(|note| visible(note)).collect(),
            refused: report.refused.as_ref().map_or(Vec::new(), refused),
            problems: report.problems.iter().map(ProblemData::from).collect(),
            opened: opened(Standing::Failed)
                .or_else(|| opened(Standing::CheckerFault))
                .or_else(|| opened(Standing::Inconclusive))
                .unwrap_or(0),
            scenarios,
            words: words.list,
            how_causes: causes::HOW,
        }
    }
}

impl From<&ProblemResult> for ProblemData {
    fn from(problem: &ProblemResult) -> Self {
        ProblemData {
            number: problem.problem,
            title: problem.title.clone(),
            optional: problem.optional,
            standing: problem.standing.word(),
        }
    }
}

fn heading(report: &PartReport) -> String {
    let whose = report.graded.in_words();
    let part = report.part.replacen("part", "Part ", 1);
    format!("{part}, {}: {whose}, seed {}", report.title, report.seed)
}

fn refused(why: &Refused) -> Vec<String> {
    match why {
        Refused::DoesNotCompile { rendered, .. } => {
            rendered.iter().map(|text| visible(text)).collect()
        }
        Refused::BreaksRules(breaches) => breaches.iter().map(|text| visible(text)).collect(),
    }
}

/// A scenario with its traces, before it is known how much room it gets.
struct Scene<'a> {
    problem: &'a ProblemResult,
    outcome: &'a Outcome,
    traces: Vec<Trace>,
}

impl<'a> Scene<'a> {
    fn read(run: &Run, problem: &'a ProblemResult, outcome: &'a Outcome) -> Scene<'a> {
        Scene {
            problem,
            outcome,
            traces: run.traces(outcome),
        }
    }

    /// How much room each trace wants, and how urgently.
    fn wanted(&self) -> Vec<(usize, usize)> {
        let urgency = match self.outcome.verdict {
            Verdict::Failed(_) => room::FAILED,
            _ => room::PASSED,
        };
        let traces = self.traces.iter();
        traces.map(|of| (room::size(of), urgency)).collect()
    }

    fn data(
        self,
        report: &PartReport,
        part: Option<&Part>,
        command: &str,
        shares: &mut impl Iterator<Item = usize>,
        words: &mut Words,
    ) -> ScenarioData {
        let outcome = self.outcome;
        let traces = self.traces.iter().map(|trace| {
            let share = shares.next().unwrap_or(0);
            TraceData::of(trace, share, words)
        });
        let traces = traces.collect();
        let failure = match &outcome.verdict {
            Verdict::Failed(failure) => Some(failure),
            _ => None,
        };
        ScenarioData {
            id: outcome.scenario.clone(),
            title: outcome.title.clone(),
            problem: outcome.problem,
            seed: outcome.seed,
            standing: outcome.word(),
            seconds: outcome.duration.as_secs_f64(),
            sentence: in_a_sentence(outcome),
            fields: failure.map_or(Vec::new(), |of| {
                fields(report, part, self.problem, outcome, of, command)
            }),
            observations: observations(outcome),
            repeats: outcome
                .repeats
                .iter()
                .map(|why| sentence(&visible(why)))
                .collect(),
            again: visible(&again(report, outcome, command)),
            stderr: failure.and_then(|failure| failure.stderr.clone()),
            traces,
        }
    }
}

/// What was measured, and in which world it held.
fn observations(outcome: &Outcome) -> Vec<String> {
    let measured = outcome.observations.iter().map(|line| visible(line));
    let held = world::schedules([outcome]).map(|held| format!("It held in {held}."));
    let explored = crate::counterexample::explored([outcome]);
    let held = held
        .into_iter()
        .chain(explored.map(|stories| format!("It held in {stories}.")));
    let unsimulated = world::unsimulated([outcome]).into_iter();
    let unsimulated = unsimulated.map(|why| visible(&why));
    measured.chain(held).chain(unsimulated).collect()
}

fn in_a_sentence(outcome: &Outcome) -> String {
    let text = match &outcome.verdict {
        Verdict::Passed { property } => property.clone(),
        Verdict::Failed(failure) => failure.seen.clone(),
        Verdict::NotWritten { gap } if gap.contains(" and ") => {
            format!("{gap} are not written yet")
        }
        Verdict::NotWritten { gap } => format!("{gap} is not written yet"),
        Verdict::Inconclusive { why } => {
            format!(
                "{} {}",
                sentence(why),
                world::of_inconclusive(outcome.world)
            )
        }
        Verdict::CheckerFault { why } => format!("{} This is not about your code.", sentence(why)),
    };
    visible(&sentence(&text))
}

/// The fields of a failure, in the order of the terminal's report.
fn fields(
    report: &PartReport,
    part: Option<&Part>,
    problem: &ProblemResult,
    outcome: &Outcome,
    failure: &Failure,
    command: &str,
) -> Vec<(&'static str, Vec<String>)> {
    let mut fields: Vec<(&'static str, Vec<String>)> = Vec::new();
    let mut field = |name, texts: Vec<String>| {
        let texts: Vec<String> = texts.iter().map(|text| visible(&sentence(text))).collect();
        if texts.iter().any(|text| !text.is_empty()) {
            fields.push((name, texts));
        }
    };
    field(
        "world",
        world::simulated_failure(outcome).into_iter().collect(),
    );
    field("step", vec![failure.step.clone()]);
    field("seen", vec![failure.seen.clone()]);
    field("evidence", failure.evidence.clone());
    field("required", vec![failure.expected.clone()]);
    field("because", vec![failure.why.clone()]);
    if let Some(diagnosis) = &failure.diagnosis {
        field(
            "perhaps",
            vec![
                diagnosis.suggests.clone(),
                format!("{}.", diagnosis.evidence()),
                diagnosis.way_to_hint(command, &report.part, problem.problem),
            ],
        );
    }
    let mut places = Vec::new();
    if let Some(place) = &failure.place {
        let file = report.in_course(part, &place.file.to_string_lossy());
        places.push(at_line(&file, place.line));
    }
    let given = part
        .and_then(|part| Some((part, part.problem(problem.problem)?)))
        .map(|(part, problem)| part.section(problem.anchor));
    places.extend(failure.section(given.as_deref()).map(str::to_owned));
    if !places.is_empty() {
        fields.push((
            "look at",
            places.iter().map(|place| visible(place)).collect(),
        ));
    }
    fields
}

impl TraceData {
    /// What of a trace is shown.
    fn of(trace: &Trace, room: usize, words: &mut Words) -> TraceData {
        let mut causes = causes(trace);
        let shown = if room >= room::size(trace) {
            (0..trace.events.len()).collect()
        } else {
            room::chosen(trace, &causes, room)
        };
        let placed: BTreeMap<usize, usize> = shown.iter().copied().zip(0..).collect();
        for cause in &mut causes {
            cause.event = placed[&cause.event];
            cause.led_to = cause.led_to.map(|event| placed[&event]);
        }
        let (logs, lines_left_out) = logs(trace, room / 4);
        TraceData {
            nodes: trace.nodes.clone(),
            events: shown
                .iter()
                .map(|place| of_event(trace, &trace.events[*place], words))
                .collect(),
            logs,
            violation: trace.violation.clone(),
            causes,
            ended_us: trace.ended_us,
            all: count(trace.events.iter()),
            left_out: left_out(trace, &shown),
            lines_left_out,
            forgotten: trace.forgotten,
            sums: Sums::of(trace),
        }
    }
}

fn count<'e>(events: impl Iterator<Item = &'e Event>) -> [usize; 2] {
    let mut counts = [0; 2];
    for event in events {
        counts[usize::from(!matches!(event.what, What::Message(_)))] += 1;
    }
    counts
}

fn left_out(trace: &Trace, shown: &BTreeSet<usize>) -> [usize; 2] {
    let events = trace.events.iter().enumerate();
    let left_out = events.filter(|(place, _)| !shown.contains(place));
    count(left_out.map(|(_, event)| event))
}

/// The last lines of the logs for which there is room, and how many there is none for.
fn logs(trace: &Trace, mut room: usize) -> (Vec<(u64, usize, bool, String)>, usize) {
    let fits = |line: &&LogLine| {
        let weight = line.text.len() + 20;
        let fits = weight <= room;
        room = room.saturating_sub(weight);
        fits
    };
    let shown = trace.logs.iter().rev().take_while(fits).count();
    let left_out = trace.logs.len() - shown;
    let lines = trace.logs[left_out..].iter().map(|line| {
        let node = trace.nodes.iter().position(|node| *node == line.node);
        let is_stderr = line.stream == Stream::Stderr;
        (
            line.at_us,
            node.unwrap_or(0),
            is_stderr,
            visible(&line.text),
        )
    });
    (lines.collect(), left_out)
}

/// An event as the script reads it: messages are many, so each is a list without names.
fn of_event(trace: &Trace, event: &Event, words: &mut Words) -> Value {
    match &event.what {
        What::Message(message) => of_message(trace, event.at_us, message, words),
        _ => serde_json::to_value(event).unwrap_or_default(),
    }
}

fn of_message(trace: &Trace, at_us: u64, message: &Message, words: &mut Words) -> Value {
    let node = |name: &String| trace.nodes.iter().position(|node| node == name);
    let mut word = |text: &str| words.place(text);
    json!([
        at_us,
        node(&message.from),
        node(&message.to),
        message.kind,
        message.fate,
        message.delivered_us,
        word(&message.label),
        message.brief.as_deref().map(&mut word),
        message.server.as_deref().map(&mut word),
        word(&sums::name(message)),
        u8::from(is_of_story(message)),
        message.bytes,
        message.clock,
        message.call,
        message.connection,
        message.body,
    ])
}

/// Texts that come again and again, once each.
#[derive(Debug, Default)]
struct Words {
    list: Vec<String>,
    places: BTreeMap<String, usize>,
}

impl Words {
    fn place(&mut self, text: &str) -> usize {
        if let Some(place) = self.places.get(text) {
            return *place;
        }
        self.list.push(visible(text));
        self.places.insert(text.to_owned(), self.list.len() - 1);
        self.list.len() - 1
    }
}
