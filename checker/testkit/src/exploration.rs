//! Explorations: stories that nobody thought of.
//!
//! A scenario is one story, with one fault. An exploration draws its story from the seed: operations
//! and faults in any order and at any time, in a small cluster, beside a [`Model`] that knows what
//! must hold at every moment, and what must hold once everything is healed. It is made for virtual
//! time, in which it is told thousands of times. The first story that breaks a claim is
//! [shrunk](shrink) to the steps that it takes, and can then be told again, also on real processes.
//!
//! Random operations against a model are an idea of QuickCheck (Claessen and Hughes, 2000); shrinking
//! by leaving out parts is delta debugging (Zeller and Hildebrandt, 2002).

mod fault;
mod shrink;

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::time::sleep;

use crate::cluster::{Cluster, Mark, Options};
use crate::scenario::{Context, Scenario, Stop, Story, Told};
use crate::seed::Draw;
use crate::trace::data;
use fault::Mishap;
pub use fault::{Does, Fault, StoreDoes};
pub use shrink::{Shrunk, shrink};

/// A story that is drawn from the seed, and what is known about its steps.
#[derive(Debug)]
pub struct Exploration {
    /// Its name, its problem, its claim, and how it is told.
    pub scenario: Scenario,
    /// How many schedules it is worth when nothing else is asked for: about two seconds' worth.
    pub schedules: u64,
    /// Draws a story.
    pub plan: fn(&mut Draw) -> Plan,
    /// All stories of a small kind, if they are few enough to be told one by one.
    pub small: Option<Small>,
    /// What its steps mean.
    pub language: Language,
}

/// All stories of a small kind: none of them is left to chance.
#[derive(Debug, Clone, Copy)]
pub struct Small {
    /// What there is in them: "two nodes, two pings and a crash".
    pub bounds: &'static str,
    /// They.
    pub plans: fn() -> Vec<Plan>,
}

/// A story as data: it can be kept, shortened, and told again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// The nodes that run from the start.
    pub nodes: Vec<String>,
    /// The steps, each a [`Step`] of the part.
    pub steps: Vec<Value>,
}

/// A step of a story.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step<O> {
    /// Begins something that a user or a server of the cluster does. What follows does not wait for its end.
    Do(O),
    /// Breaks or mends something.
    Break(Fault),
    /// Lets so many milliseconds pass.
    Wait(u64),
}

/// What a user or a server of a part does.
pub trait Operation: Serialize + DeserializeOwned + Clone + 'static {
    /// A sentence: "n1 sends a ping."
    fn sentence(&self) -> String;
    /// The same with simpler values, the simplest first; each must be simpler than this one.
    fn simpler(&self) -> Vec<Self>;
    /// The commands of `checker play` that do it.
    fn commands(&self) -> Vec<String>;
}

/// What must hold, and what the story has done so far.
pub trait Model {
    /// What is done in its stories.
    type Operation: Operation;

    /// The nodes run, and nothing has happened yet. Prepares what the steps need.
    fn begin<'a>(&'a self, _: &'a Cluster<'_>) -> Story<'a> {
        Box::pin(async { Ok(()) })
    }

    /// Does something, and checks what comes of it. Other steps go on meanwhile.
    ///
    /// An operation that makes no sense at the moment, because its node is paused for instance, does
    /// nothing: a story stays a story whichever steps are left out.
    fn perform<'a>(&'a self, cluster: &'a Cluster<'_>, operation: &'a Self::Operation)
    -> Story<'a>;

    /// A fault is about to happen.
    fn broken(&self, cluster: &Cluster<'_>, fault: &Fault);

    /// All faults are about to end.
    fn mending(&self, _cluster: &Cluster<'_>) {}

    /// What must hold at every moment. It is looked at after each step.
    fn look<'a>(&'a self, cluster: &'a Cluster<'_>) -> Story<'a>;

    /// What must hold in the end: all faults ended a moment ago, and each pair of running nodes is
    /// connected.
    fn conclude<'a>(&'a self, cluster: &'a Cluster<'_>, mended: Mark) -> Story<'a>;
}

/// The steps of a part, for code that does not know their type.
#[derive(Debug, Clone, Copy)]
pub struct Language {
    sentence: fn(&Value) -> String,
    commands: fn(&Value) -> Vec<String>,
    simpler: fn(&Value) -> Vec<Value>,
}

impl Language {
    /// Of a part in which these operations are done.
    pub const fn of<O: Operation>() -> Language {
        Language {
            sentence: |step| {
                read::<O>(step).map_or_else(|| step.to_string(), |step| step.sentence())
            },
            commands: |step| read::<O>(step).map_or_else(Vec::new, |step| step.commands()),
            simpler: |step| {
                let step = read::<O>(step);
                let simpler = step.map_or_else(Vec::new, |step| step.simpler());
                simpler.iter().map(data).collect()
            },
        }
    }
}

fn read<O: Operation>(step: &Value) -> Option<Step<O>> {
    Step::deserialize(step).ok()
}

impl<O: Operation> Step<O> {
    fn sentence(&self) -> String {
        match self {
            Step::Do(operation) => operation.sentence(),
            Step::Break(fault) => fault.sentence(),
            Step::Wait(time) => format!("{time} ms pass."),
        }
    }

    fn commands(&self) -> Vec<String> {
        match self {
            Step::Do(operation) => operation.commands(),
            Step::Break(fault) => vec![fault.command()],
            Step::Wait(time) => vec![format!("wait {time}ms")],
        }
    }

    fn simpler(&self) -> Vec<Self> {
        match self {
            Step::Do(operation) => operation.simpler().into_iter().map(Step::Do).collect(),
            Step::Break(fault) => fault.simpler().into_iter().map(Step::Break).collect(),
            Step::Wait(time) => {
                // Round numbers read better than those that were drawn.
                let round = [10, 100, 500, 1000, 2000, 5000];
                let shorter = round.into_iter().filter(|shorter| shorter < time);
                shorter.map(Step::Wait).collect()
            }
        }
    }
}

impl Plan {
    /// The story of these steps.
    pub fn of<O: Operation>(nodes: &[&str], steps: &[Step<O>]) -> Plan {
        Plan {
            nodes: nodes.iter().map(|node| (*node).to_owned()).collect(),
            steps: steps.iter().map(data).collect(),
        }
    }

    fn read<O: Operation>(&self) -> Result<Vec<Step<O>>, Stop> {
        let steps = self.steps.iter().map(Step::deserialize);
        let steps: Result<Vec<Step<O>>, _> = steps.collect();
        steps.map_err(|error| {
            Stop::fault(format!("The story does not belong to this part: {error}."))
        })
    }

    /// The steps, a sentence each.
    pub fn sentences(&self, language: Language) -> Vec<String> {
        self.steps.iter().map(language.sentence).collect()
    }

    /// The story as a script for `checker play` with as many nodes, where they are `n1`, `n2`, and so on.
    pub fn script(&self, language: Language) -> Vec<String> {
        let mut named = self.nodes.clone();
        let steps: Vec<Value> = self
            .steps
            .iter()
            .map(|step| renamed(step, &mut named))
            .collect();
        let ends = ["release", "heal"].map(str::to_owned);
        let commands = steps.iter().flat_map(language.commands);
        commands.chain(ends).collect()
    }
}

/// The same data, in which each node has the name of its place.
fn renamed(value: &Value, nodes: &mut Vec<String>) -> Value {
    match value {
        Value::String(text) if is_node(text) => {
            let known = nodes.iter().position(|node| node == text);
            let place = known.unwrap_or_else(|| {
                nodes.push(text.clone());
                nodes.len() - 1
            });
            format!("n{}", place + 1).into()
        }
        Value::Array(all) => all.iter().map(|value| renamed(value, nodes)).collect(),
        Value::Object(fields) => {
            let fields = fields.iter();
            fields
                .map(|(name, value)| (name.clone(), renamed(value, nodes)))
                .collect()
        }
        other => other.clone(),
    }
}

/// Whether a text is the name that explorations give to a node: `n7`.
fn is_node(text: &str) -> bool {
    let number = text.strip_prefix('n');
    number.is_some_and(|number| !number.is_empty() && number.bytes().all(|of| of.is_ascii_digit()))
}

/// How often something was broken.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// How often.
    pub used: u64,
    /// How often that had an effect: a message was lost, a connection closed, a server went down.
    pub took_effect: u64,
}

/// What was done in some schedules.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Coverage {
    /// How many operations there were.
    pub operations: u64,
    /// The faults, by the word for each.
    pub faults: BTreeMap<String, Tally>,
}

impl Coverage {
    /// Adds what was done in others.
    pub fn add(&mut self, other: &Coverage) {
        self.operations += other.operations;
        for (fault, more) in &other.faults {
            let tally = self.faults.entry(fault.clone()).or_default();
            tally.used += more.used;
            tally.took_effect += more.took_effect;
        }
    }

    /// How many faults took effect.
    pub fn took_effect(&self) -> u64 {
        self.faults.values().map(|tally| tally.took_effect).sum()
    }

    /// A fault was used.
    fn fault(&mut self, word: &str, took_effect: bool) {
        let tally = self.faults.entry(word.to_owned()).or_default();
        tally.used += 1;
        tally.took_effect += u64::from(took_effect);
    }
}

/// Tells the story of a plan, or the one that the seed draws, beside a model.
///
/// # Errors
/// The verdict, if it is not a pass.
pub async fn explore<M: Model>(
    cx: &Context,
    options: Options,
    plan: fn(&mut Draw) -> Plan,
    model: M,
) -> Told {
    let plan = match &cx.plan {
        Some(plan) => plan.clone(),
        None => plan(&mut cx.draw()),
    };
    let steps = plan.read::<M::Operation>()?;
    let nodes: Vec<&str> = plan.nodes.iter().map(String::as_str).collect();
    Cluster::tell(cx, &nodes, options, async |cluster| {
        cluster.expect_no_connections();
        let mut mishap = Mishap::of(cluster);
        let told = tell(cluster, &steps, &model, &mut mishap).await;
        let mut coverage = mishap.coverage();
        let operations = steps.iter().filter(|step| matches!(step, Step::Do(_)));
        coverage.operations = operations.count() as u64;
        cx.findings.covered(&coverage);
        told
    })
    .await
}

async fn tell<'c, M: Model>(
    cluster: &'c Cluster<'_>,
    steps: &[Step<M::Operation>],
    model: &M,
    mishap: &mut Mishap<'c>,
) -> Told {
    model.begin(cluster).await?;
    let mut under_way = FuturesUnordered::new();
    for step in steps {
        cluster.step(step.sentence());
        match step {
            Step::Do(operation) => {
                under_way.push(model.perform(cluster, operation));
                // It begins before the next step does.
                meanwhile(&mut under_way, tokio::task::yield_now()).await?;
            }
            Step::Break(fault) => {
                model.broken(cluster, fault);
                meanwhile(&mut under_way, mishap.make(fault)).await??;
            }
            Step::Wait(time) => {
                meanwhile(&mut under_way, sleep(Duration::from_millis(*time))).await?;
            }
        }
        meanwhile(&mut under_way, model.look(cluster)).await??;
    }
    cluster.step("All faults end, and the nodes find each other.");
    let mended = cluster.mark();
    model.mending(cluster);
    meanwhile(&mut under_way, mishap.mend()).await??;
    while let Some(told) = under_way.next().await {
        told?;
    }
    model.look(cluster).await?;
    model.conclude(cluster, mended).await
}

/// Does something, while operations that were begun go on.
async fn meanwhile<T>(
    under_way: &mut FuturesUnordered<Story<'_>>,
    doing: impl Future<Output = T>,
) -> Result<T, Stop> {
    tokio::pin!(doing);
    loop {
        tokio::select! { biased;
            Some(told) = under_way.next(), if !under_way.is_empty() => told?,
            done = &mut doing => return Ok(done),
        }
    }
}
