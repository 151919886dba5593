//! What is heard of a run while it goes on.

use testkit::scenario::Scenario;
use testkit::verdict::Outcome;

use crate::building::Building;

/// Hears how a run goes.
pub trait Progress: Send + Sync {
    /// A build begins.
    fn build_begun(&self, package: &str);
    /// The build goes on.
    fn building(&self, what: &Building);
    /// The build has ended.
    fn build_ended(&self);
    /// A scenario begins.
    fn begun(&self, scenario: &Scenario);
    /// A scenario takes its next step.
    fn step(&self, scenario: &Scenario, step: &str);
    /// A scenario was inconclusive, and is run again.
    fn repeated(&self, scenario: &Scenario, why: &str);
    /// A scenario was simulated, and the processes may not be through with it.
    fn simulated(&self, _: &Outcome) {}
    /// A scenario has ended.
    fn ended(&self, outcome: &Outcome);
}

/// Says nothing.
pub struct Silent;

impl Progress for Silent {
    fn build_begun(&self, _: &str) {}
    fn building(&self, _: &Building) {}
    fn build_ended(&self) {}
    fn begun(&self, _: &Scenario) {}
    fn step(&self, _: &Scenario, _: &str) {}
    fn repeated(&self, _: &Scenario, _: &str) {}
    fn ended(&self, _: &Outcome) {}
}
