//! From a story that breaks a claim to the steps that it takes: delta debugging, after Zeller and
//! Hildebrandt, "Simplifying and isolating failure-inducing input" (2002).

use std::time::{Duration, Instant};

use serde_json::Value;

use super::{Language, Plan};

/// A story from which no step can be left out.
#[derive(Debug)]
pub struct Shrunk {
    /// It.
    pub plan: Plan,
    /// How many stories were tried.
    pub tried: usize,
    /// Whether each step, and each node, was tried to be left out: there was time for it.
    pub minimal: bool,
}

/// Leaves out steps and nodes, and then simplifies values, as long as the story `fails` in the same way,
/// and as long as there is time.
pub fn shrink(
    plan: Plan,
    language: Language,
    time: Duration,
    fails: &mut dyn FnMut(&Plan) -> bool,
) -> Shrunk {
    let mut search = Search {
        best: plan,
        tried: 0,
        fails,
        ends: now() + time,
    };
    let mut minimal = false;
    while search.has_time() {
        search.leave_out_steps();
        search.leave_out_nodes();
        if !search.simplify(language) {
            minimal = search.has_time();
            break;
        }
    }
    Shrunk {
        plan: search.best,
        tried: search.tried,
        minimal,
    }
}

fn now() -> Instant {
    #[expect(
        clippy::disallowed_methods,
        reason = "people wait for it, outside of any simulation"
    )]
    Instant::now()
}

struct Search<'f> {
    best: Plan,
    tried: usize,
    fails: &'f mut dyn FnMut(&Plan) -> bool,
    ends: Instant,
}

impl Search<'_> {
    fn has_time(&self) -> bool {
        now() < self.ends
    }

    /// Takes a story if it fails.
    fn take_if_it_fails(&mut self, plan: Plan) -> bool {
        if !self.has_time() {
            return false;
        }
        self.tried += 1;
        let fails = (self.fails)(&plan);
        if fails {
            self.best = plan;
        }
        fails
    }

    /// Leaves out ever smaller pieces, from the end, on which nothing depends; in the end each single
    /// step was tried, with no other left out since.
    fn leave_out_steps(&mut self) {
        let mut size = self.best.steps.len().div_ceil(2).max(1);
        loop {
            let mut left_out = false;
            let mut end = self.best.steps.len();
            while end > 0 {
                let begin = end.saturating_sub(size);
                let mut plan = self.best.clone();
                plan.steps.drain(begin..end);
                left_out |= self.take_if_it_fails(plan);
                end = begin;
            }
            match size {
                1 if !left_out => return,
                1 => {}
                _ => size = size.div_ceil(2),
            }
        }
    }

    fn leave_out_nodes(&mut self) {
        for node in self.best.nodes.clone() {
            let mut plan = self.best.clone();
            plan.nodes.retain(|other| *other != node);
            if !plan.nodes.is_empty() {
                self.take_if_it_fails(plan);
            }
        }
    }

    /// Replaces values by simpler ones. Says whether that made a difference.
    fn simplify(&mut self, language: Language) -> bool {
        let mut simplified = false;
        for place in 0..self.best.steps.len() {
            let simpler: Vec<Value> = (language.simpler)(&self.best.steps[place]);
            for step in simpler {
                let mut plan = self.best.clone();
                plan.steps[place] = step;
                if self.take_if_it_fails(plan) {
                    simplified = true;
                    break;
                }
            }
        }
        simplified
    }
}
