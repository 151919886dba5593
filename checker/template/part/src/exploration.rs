//! The exploration of problem 1: values are written on any node, while messages are late, repeated and
//! overtaken.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use testkit::cluster::{Cluster, Mark, Options};
use testkit::exploration::{
    Does, Exploration, Fault, Language, Model, Operation, Plan, Step, explore,
};
use testkit::scenario::{DEADLINE, Scenario, Story, Told};
use testkit::seed::Draw;

use crate::ALL;
use crate::fact::Fact;
use crate::write::{shown, write};

pub(crate) const EXPLORATIONS: &[Exploration] = &[Exploration {
    scenario: Scenario {
        id: "part0-explore-writes",
        problem: 1,
        title: "values are written on any node, and messages are late, repeated and overtaken",
        property: "All registers show the same value in the end, in every schedule that was tried.",
        deadline: DEADLINE,
        run: |cx| Box::pin(explore(cx, Options::default(), draw, Values::default())),
    },
    schedules: 200,
    plan: draw,
    small: None,
    language: Language::of::<Write>(),
}];

/// What users of part 0 do: write a value on a node.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Write {
    node: String,
    value: u64,
}

impl Operation for Write {
    fn sentence(&self) -> String {
        format!("{} is written on {}.", self.value, self.node)
    }

    fn simpler(&self) -> Vec<Write> {
        Vec::new()
    }

    fn commands(&self) -> Vec<String> {
        vec![format!("call {} register Write {}", self.node, self.value)]
    }
}

/// Draws a story. Each value is written once, so that it tells which write it is of.
fn draw(draw: &mut Draw) -> Plan {
    let names = draw.cast(ALL);
    let steps = (1..=draw.number(4..=20)).map(|value| {
        let [node, other, _] = draw.cast(ALL).map(str::to_owned);
        match draw.number(0..=5) {
            0 | 1 => Step::Do(Write { node, value }),
            2 => Step::Break(Fault::Cast {
                does: draw.either(Does::Hold, Does::Duplicate),
                from: node,
                to: other,
                times: 1,
            }),
            3 => Step::Break(Fault::Delay {
                from: node,
                to: other,
                ms: draw.number(5..=500),
            }),
            4 => Step::Break(Fault::Release),
            _ => Step::Wait(draw.number(1..=300)),
        }
    });
    let steps: Vec<Step<Write>> = steps.collect();
    Plan::of(&names, &steps)
}

/// The model: the values that callers wrote.
#[derive(Default)]
struct Values {
    written: RefCell<BTreeSet<u64>>,
}

impl Model for Values {
    type Operation = Write;

    fn perform<'a>(&'a self, cluster: &'a Cluster<'_>, operation: &'a Write) -> Story<'a> {
        Box::pin(async move {
            self.written.borrow_mut().insert(operation.value);
            write(cluster, &operation.node, operation.value).await
        })
    }

    fn broken(&self, _: &Cluster<'_>, _: &Fault) {}

    fn look<'a>(&'a self, cluster: &'a Cluster<'_>) -> Story<'a> {
        Box::pin(async move {
            for node in cluster.running() {
                let seen = shown(cluster, &node).await?;
                if seen != 0 && !self.written.borrow().contains(&seen) {
                    let expected = "a register shows a value that was written, or 0";
                    return Err(cluster
                        .failed_at(&node, format!("{node} shows {seen}"), expected)
                        .fact(&Fact::Invented { node, seen })
                        .into());
                }
            }
            Ok(())
        })
    }

    fn conclude<'a>(&'a self, cluster: &'a Cluster<'_>, _: Mark) -> Story<'a> {
        Box::pin(all_show_the_same(cluster))
    }
}

async fn all_show_the_same(cluster: &Cluster<'_>) -> Told {
    cluster.quiesce().await?;
    let mut seen = BTreeMap::new();
    for node in cluster.running() {
        let value = shown(cluster, &node).await?;
        seen.insert(node, value);
    }
    let values: BTreeSet<&u64> = seen.values().collect();
    if values.len() <= 1 {
        return Ok(());
    }
    let listed: Vec<String> = seen
        .iter()
        .map(|(node, value)| format!("{node} shows {value}"))
        .collect();
    let expected = "all registers show the same value once all messages have arrived";
    Err(cluster
        .failed(listed.join(", "), expected)
        .because("The registers heard of the same entries in different orders. Each must choose the same one.")
        .fact(&Fact::Different { seen })
        .into())
}
