//! Where a run is: what is built, which scenarios run, which have ended.

use std::collections::BTreeMap;

use colored::Colorize;
use runtime::terminal::visible;
use tokio::sync::mpsc::UnboundedSender;

use grader::building::Building;
use grader::progress::Progress;
use report::progress::BuildStage;
use report::words::{color, sentence};
use testkit::scenario::Scenario;
use testkit::verdict::Outcome;

/// What a run says about itself.
pub(super) enum Heard {
    /// It begins to build a package.
    BuildBegun(String),
    /// It builds, and this is what it does there.
    Building(Building),
    /// The build has ended.
    Built,
    /// A scenario takes its next step.
    Step {
        scenario: &'static str,
        title: String,
        step: String,
    },
    /// A simulation has spoken of a scenario.
    Simulated(Box<Outcome>),
    /// A scenario has ended.
    Ended(Box<Outcome>),
}

/// Hands on what is heard of a run.
pub(super) struct Hears(pub(super) UnboundedSender<Heard>);

impl Hears {
    fn tell(&self, heard: Heard) {
        // Nobody listens to a run that was stopped.
        let _ = self.0.send(heard);
    }

    fn step(&self, scenario: &Scenario, step: String) {
        self.tell(Heard::Step {
            scenario: scenario.id,
            title: scenario.title.to_owned(),
            step,
        });
    }
}

impl Progress for Hears {
    fn build_begun(&self, package: &str) {
        self.tell(Heard::BuildBegun(package.to_owned()));
    }

    fn building(&self, what: &Building) {
        self.tell(Heard::Building(what.clone()));
    }

    fn build_ended(&self) {
        self.tell(Heard::Built);
    }

    fn begun(&self, scenario: &Scenario) {
        Hears::step(self, scenario, String::new());
    }

    fn step(&self, scenario: &Scenario, step: &str) {
        Hears::step(self, scenario, visible(step));
    }

    fn repeated(&self, scenario: &Scenario, why: &str) {
        Hears::step(
            self,
            scenario,
            format!(
                "again, because the run was inconclusive: {}",
                visible(&sentence(why))
            ),
        );
    }

    fn simulated(&self, outcome: &Outcome) {
        self.tell(Heard::Simulated(Box::new(outcome.clone())));
    }

    fn ended(&self, outcome: &Outcome) {
        self.tell(Heard::Ended(Box::new(outcome.clone())));
    }
}

/// Where a run is.
#[derive(Default)]
pub(super) struct Stage {
    build: Option<BuildStage>,
    running: BTreeMap<&'static str, (String, String)>,
    /// What a simulation said of scenarios that the processes are not through with.
    simulated: Vec<Outcome>,
    over: Vec<Outcome>,
}

impl Stage {
    /// Takes in what was heard.
    pub(super) fn hear(&mut self, heard: Heard) {
        match heard {
            Heard::BuildBegun(package) => self.build = Some(BuildStage::of(&package)),
            Heard::Building(what) => {
                if let Some(build) = &mut self.build {
                    build.hear(&what);
                }
            }
            Heard::Built => self.build = None,
            Heard::Step {
                scenario,
                title,
                step,
            } => {
                self.running.insert(scenario, (title, step));
            }
            Heard::Simulated(outcome) => self.simulated.push(*outcome),
            Heard::Ended(outcome) => {
                self.running.remove(outcome.scenario.as_str());
                self.simulated.retain(|of| of.scenario != outcome.scenario);
                self.over.push(*outcome);
            }
        }
    }

    /// In a line.
    pub(super) fn summary(&self) -> String {
        match (&self.build, self.running.values().next()) {
            (Some(build), _) => build.in_words(),
            (None, Some((title, _))) => format!("running: {title}"),
            (None, None) => "getting ready".to_owned(),
        }
    }

    /// In several lines: what has ended, and what runs at which step.
    pub(super) fn lines(&self) -> Vec<String> {
        let over = self.over.iter().map(|outcome| {
            let standing = outcome.verdict.standing();
            format!(
                "  {}  {} ({:.1} s)",
                color(standing, &format!("{:<12}", standing.word())),
                outcome.title,
                outcome.duration.as_secs_f64()
            )
        });
        let running = self.running.values().flat_map(|(title, step)| {
            let step = (!step.is_empty()).then(|| format!("                {}", step.dimmed()));
            [Some(format!("  {:<12}  {title}", "running")), step]
        });
        let simulated = self.simulated.iter().map(|outcome| {
            let standing = outcome.verdict.standing();
            let word = color(standing, &format!("{:<12}", standing.word()));
            let title = &outcome.title;
            format!("  {word}  {title} (simulated; the run on processes comes next)")
        });
        over.chain(simulated).chain(running.flatten()).collect()
    }
}
