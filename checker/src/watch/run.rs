//! A run in progress: what it grades, what it reports, and how it is interrupted.

use std::pin::Pin;
use std::sync::Arc;

use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::time::Instant;

use super::stage::{Heard, Hears, Stage};
use super::{Place, Settings};
use crate::grading::{self, Explore, FIRST_SIMULATED, Order, Worlds};
use grader::course::Course;
use grader::part_report::{Graded, PartReport};
use grader::progress::Progress;
use grader::runs;
use testkit::guard;
use testkit::interrupt::Interrupt;
use testkit::isolation::Isolation;
use testkit::trouble::Result;

/// What comes from a run.
pub(super) enum News {
    /// It went on.
    Heard(Heard),
    /// It has ended, with this result.
    Over(Box<Result<PartReport>>),
}

/// A run under way.
pub(super) struct Run {
    grading: Pin<Box<dyn Future<Output = Result<PartReport>>>>,
    heard: UnboundedReceiver<Heard>,
    begun: Instant,
    seed: u64,
    /// Where it is.
    pub(super) stage: Stage,
}

impl Run {
    /// Begins to grade a problem of the learner's own code.
    pub(super) fn begin(course: &Course, place: Place, settings: &Settings, seed: u64) -> Run {
        let (sender, heard) = unbounded_channel();
        let course = course.clone();
        let order = Order {
            graded: Graded::Exercise,
            problems: vec![place.problem.number],
            seed,
            repeat: 1,
            verbose: false,
            store: settings.store.clone(),
            worlds: Worlds::Both,
            first_simulated: FIRST_SIMULATED,
            seeds: None,
            explore: Explore::Passed(None),
            isolation: Isolation::Off,
        };
        let progress: Arc<dyn Progress> = Arc::new(Hears(sender));
        // `watch` ends a run by dropping it: what is known of code that was changed interests nobody.
        let grading = async move {
            let never = Interrupt::never();
            grading::grade(&course, place.part, &order, &progress, &never, &|_| {}).await
        };
        Run {
            grading: Box::pin(grading),
            heard,
            begun: Instant::now(),
            seed,
            stage: Stage::default(),
        }
    }

    /// What comes next. Cancel safe.
    pub(super) async fn next(&mut self) -> News {
        tokio::select! { biased;
            Some(heard) = self.heard.recv() => News::Heard(heard),
            report = &mut self.grading => News::Over(Box::new(report)),
        }
    }

    /// When it began.
    pub(super) fn begun(&self) -> Instant {
        self.begun
    }

    /// Its seed.
    pub(super) fn seed(&self) -> u64 {
        self.seed
    }

    /// Breaks it off, and returns once nothing of it is left: no process, and no folder.
    ///
    /// # Errors
    /// When the end of its processes is not seen in time.
    pub(super) async fn stop(self, course: &Course) -> Result<()> {
        drop(self);
        let ended = guard::all_ended().await;
        runs::remove_broken_off(course);
        ended
    }
}
