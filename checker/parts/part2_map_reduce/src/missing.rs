//! Which tasks of a job are not done, and why, as far as the network and the nodes show it: a manager
//! reports only how many.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use batch::{Attempt, PARTITIONS, PartitionsMsg, Progress, TaskId};
use runtime::net::faults::{Fate, FrameSeen};
use runtime::wire;

use super::Job;
use super::messages::{ManagerMsg, WorkerMsg, map_number};
use testkit::cluster::Cluster;
use testkit::trace::{Change, Event, What};

/// How many tasks get a sentence of their own.
const MAX_SHOWN: usize = 3;

/// How long a node may take to report what map tasks left there.
const REPORT_TIMEOUT: Duration = Duration::from_millis(500);

/// What the network did to a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Delivery {
    Arrived,
    Lost,
    HeldBack,
}

/// A task was given to a node, or a node reported what came of one.
#[derive(Debug)]
struct TaskMessage {
    at: Duration,
    node: String,
    task: TaskId,
    delivery: Delivery,
    content: Content,
}

#[derive(Debug, PartialEq, Eq)]
enum Content {
    Given,
    Finished,
    Failed(String),
}

/// What was seen of a job.
#[derive(Debug, Default)]
struct Seen {
    /// The node whose manager has the job.
    manager: &'static str,
    /// The messages about its tasks, the oldest first.
    messages: Vec<TaskMessage>,
    /// The nodes that have an output of each map task.
    kept: BTreeMap<usize, BTreeSet<String>>,
    /// The nodes that did not report what they have.
    silent: BTreeSet<String>,
    /// What keeps tasks from being done, the oldest first.
    faults: Vec<Fault>,
}

/// What was done to nodes, or to the network between them.
#[derive(Debug)]
struct Fault {
    at: Duration,
    nodes: Vec<String>,
    /// Whether it also keeps a node from tasks that it is given later.
    lasts: bool,
    words: String,
}

/// A sentence for each task that is not done, a few of them.
pub(super) async fn tasks(cluster: &Cluster<'_>, job: &Job, at: Progress) -> Vec<String> {
    let mut seen = Seen {
        manager: job.manager,
        messages: task_messages(cluster, job),
        ..Seen::default()
    };
    for node in cluster.running() {
        let answer = cluster
            .call_within(REPORT_TIMEOUT, &node, &PARTITIONS, PartitionsMsg::Report)
            .await;
        let Ok(report) = answer else {
            seen.silent.insert(node);
            continue;
        };
        let own = report.kept.iter().filter(|attempt| attempt.job == job.id);
        for map in own.filter_map(|attempt| map_number(attempt.task)) {
            seen.kept.entry(map).or_default().insert(node.clone());
        }
    }
    let events = cluster.trace().events;
    seen.faults = events.iter().filter_map(fault).collect();
    seen.sentences(at)
}

fn task_messages(cluster: &Cluster<'_>, job: &Job) -> Vec<TaskMessage> {
    let frames = cluster.frames();
    let of_job = frames.iter().filter_map(|(at, frame)| {
        let (node, attempt, content) = understood(cluster, job, frame)?;
        (attempt.job == job.id).then(|| TaskMessage {
            at: *at,
            node: node.to_owned(),
            task: attempt.task,
            delivery: delivery(frame),
            content,
        })
    });
    of_job.collect()
}

fn understood<'a>(
    cluster: &Cluster<'_>,
    job: &Job,
    frame: &'a FrameSeen,
) -> Option<(&'a str, Attempt, Content)> {
    let (from, to) = (frame.from.short(), frame.to.short());
    match frame.message.as_deref()? {
        "Assign" if from == job.manager => {
            let WorkerMsg::Assign(assignment) = wire::decode(&cluster.payload(frame)?).ok()?;
            Some((to, assignment.attempt, Content::Given))
        }
        "Finished" | "Failed" if to == job.manager => {
            match wire::decode(&cluster.payload(frame)?).ok()? {
                ManagerMsg::Finished { attempt, .. } => Some((from, attempt, Content::Finished)),
                ManagerMsg::Failed { attempt, why, .. } => {
                    Some((from, attempt, Content::Failed(why.to_string())))
                }
                _ => None,
            }
        }
        _ => None,
    }
}

fn delivery(frame: &FrameSeen) -> Delivery {
    match frame.fate {
        Fate::Drop | Fate::Swallow => Delivery::Lost,
        Fate::Deliver | Fate::Duplicate => Delivery::Arrived,
        Fate::Hold(_) if frame.delivered_at.is_some() => Delivery::Arrived,
        Fate::Hold(_) => Delivery::HeldBack,
    }
}

/// What keeps a task from being done, if the event is such.
fn fault(event: &Event) -> Option<Fault> {
    let mut lasts = false;
    let (nodes, words) = match &event.what {
        What::Process {
            node, change, text, ..
        } => match change {
            Change::Killed | Change::Paused | Change::Crashed => {
                lasts = *change == Change::Paused;
                (vec![node.clone()], text.clone())
            }
            Change::Started | Change::Resumed | Change::Disconnected => return None,
        },
        What::Partition { a, b } => (
            vec![a.clone(), b.clone()],
            format!("{a} and {b} are cut off from each other"),
        ),
        What::Blackhole { from, to } => (
            vec![from.clone(), to.clone()],
            format!("the network loses what {from} sends to {to}"),
        ),
        _ => return None,
    };
    Some(Fault {
        at: Duration::from_micros(event.at_us),
        nodes,
        lasts,
        words,
    })
}

impl Seen {
    fn sentences(&self, at: Progress) -> Vec<String> {
        let maps = at.maps_done < at.maps;
        let (count, done) = match maps {
            true => (at.maps, at.maps_done),
            false => (at.reduces, at.reduces_done),
        };
        let task = |number| match maps {
            true => TaskId::Map(number),
            false => TaskId::Reduce(number),
        };
        let missing = count.saturating_sub(done);
        let all = || (0..count).map(task);
        let without_result = all().filter(|task| !self.is_finished(*task));
        let mut open: Vec<TaskId> = match maps {
            true => without_result.collect(),
            // What the manager's node has reduced itself is not seen, unless it is all that is left.
            false => {
                let (given, own): (Vec<_>, Vec<_>) =
                    without_result.partition(|task| self.last_given(*task).is_some());
                match given.len() + own.len() == missing {
                    true => given.into_iter().chain(own).collect(),
                    false => given,
                }
            }
        };
        if open.len() < missing {
            open.extend(all().filter(|task| self.is_finished(*task) && self.is_lost(*task)));
        }
        let certain = open.len() == missing;
        let mut facts: Vec<String> = open
            .iter()
            .take(MAX_SHOWN)
            .map(|task| {
                let why = self.why(*task);
                match certain {
                    true => format!("{task} is not done: {why}"),
                    false => format!("no result of {task} was seen: {why}"),
                }
            })
            .collect();
        if let Some(more @ 1..) = open.len().checked_sub(MAX_SHOWN) {
            let tasks = if more == 1 { "task is" } else { "tasks are" };
            facts.push(format!("{more} more {tasks} not done for similar reasons"));
        }
        facts
    }

    fn about(&self, task: TaskId) -> impl DoubleEndedIterator<Item = &TaskMessage> {
        self.messages
            .iter()
            .filter(move |message| message.task == task)
    }

    fn last_given(&self, task: TaskId) -> Option<&TaskMessage> {
        self.about(task)
            .rfind(|message| message.content == Content::Given)
    }

    /// Whether the manager has heard that a task is done; what its own node did, it has.
    fn is_finished(&self, task: TaskId) -> bool {
        let is_heard = |message: &TaskMessage| {
            message.content == Content::Finished && message.delivery == Delivery::Arrived
        };
        let is_own = map_number(task)
            .and_then(|map| self.kept.get(&map))
            .is_some_and(|nodes| nodes.contains(self.manager));
        is_own || self.about(task).any(is_heard)
    }

    /// Whether no node has the output of a map task any more.
    fn is_lost(&self, task: TaskId) -> bool {
        let finishers = self
            .about(task)
            .filter(|message| message.content == Content::Finished);
        map_number(task).is_some_and(|map| !self.kept.contains_key(&map))
            && finishers
                .into_iter()
                .all(|message| !self.silent.contains(&message.node))
    }

    /// Where a task is, since when, and what happened there.
    fn why(&self, task: TaskId) -> String {
        let seconds = |at: Duration| format!("{:.3} s", at.as_secs_f64());
        let manager = self.manager;
        let Some(given) = self.last_given(task) else {
            return format!(
                "{manager} has sent it to no other node, so {manager} has it itself, or no node has it"
            );
        };
        let node = &given.node;
        let mut why = format!("{manager} has sent it to {node} at {}", seconds(given.at));
        match given.delivery {
            Delivery::Arrived => {}
            Delivery::Lost => why.push_str(", and the network lost that message"),
            Delivery::HeldBack => why.push_str(", and the network holds that message back"),
        }
        let answer = self
            .about(task)
            .rfind(|message| message.content != Content::Given);
        let answer = answer.filter(|answer| answer.at >= given.at);
        if let Some(answer) = answer {
            let (from, at) = (&answer.node, seconds(answer.at));
            let words = match (&answer.content, answer.delivery) {
                (Content::Failed(why), Delivery::Arrived) => {
                    format!("{from} reported at {at}: {why}")
                }
                (_, Delivery::Arrived) => format!("{from} finished it at {at}"),
                (_, Delivery::Lost) => {
                    format!("the network lost what {from} reported about it at {at}")
                }
                (_, Delivery::HeldBack) => {
                    format!("the network holds back what {from} reported about it at {at}")
                }
            };
            why.push_str(&format!("; {words}"));
        }
        // What was done to the node, or between it and the manager's, at that time or later.
        let is_about = |nodes: &[String]| {
            nodes.contains(node) && nodes.iter().all(|other| other == node || other == manager)
        };
        let fault = self
            .faults
            .iter()
            .rfind(|fault| is_about(&fault.nodes) && (fault.at >= given.at || fault.lasts));
        if let Some(Fault { at, words, .. }) = fault {
            why.push_str(&format!("; {words} at {}", seconds(*at)));
        } else if answer.is_none() && given.delivery == Delivery::Arrived {
            why.push_str("; no result has come");
        }
        format!("{why}; {manager} has sent it to no node since")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(
        at: u64,
        node: &str,
        task: TaskId,
        content: Content,
        delivery: Delivery,
    ) -> TaskMessage {
        TaskMessage {
            at: Duration::from_millis(at),
            node: node.into(),
            task,
            delivery,
            content,
        }
    }

    fn maps(maps: usize, maps_done: usize) -> Progress {
        Progress {
            maps,
            maps_done,
            reduces: 2,
            reduces_done: 0,
        }
    }

    fn killed() -> Fault {
        Fault {
            at: Duration::from_millis(150),
            nodes: vec!["n3".into()],
            lasts: false,
            words: "n3 is killed".into(),
        }
    }

    fn kept(maps: impl IntoIterator<Item = usize>, node: &str) -> Seen {
        let of = |map| (map, BTreeSet::from([node.to_owned()]));
        Seen {
            manager: "n1",
            kept: maps.into_iter().map(of).collect(),
            ..Seen::default()
        }
    }

    #[test]
    fn each_task_that_is_not_done_is_named_with_what_happened_to_it() {
        let mut seen = kept(0..3, "n1");
        seen.messages = vec![
            message(100, "n3", TaskId::Map(3), Content::Given, Delivery::Arrived),
            message(110, "n2", TaskId::Map(4), Content::Given, Delivery::Lost),
            message(120, "n2", TaskId::Map(5), Content::Given, Delivery::Arrived),
            message(
                180,
                "n2",
                TaskId::Map(5),
                Content::Finished,
                Delivery::HeldBack,
            ),
        ];
        seen.faults = vec![killed()];
        assert_eq!(
            seen.sentences(maps(6, 3)),
            [
                "map 3 is not done: n1 has sent it to n3 at 0.100 s; n3 is killed at 0.150 s; \
                 n1 has sent it to no node since",
                "map 4 is not done: n1 has sent it to n2 at 0.110 s, and the network lost that message; \
                 n1 has sent it to no node since",
                "map 5 is not done: n1 has sent it to n2 at 0.120 s; the network holds back \
                 what n2 reported about it at 0.180 s; n1 has sent it to no node since",
            ]
        );
    }

    #[test]
    fn output_that_was_lost_with_its_node_is_named() {
        let mut seen = kept(0..1, "n1");
        seen.messages = vec![
            message(100, "n3", TaskId::Map(1), Content::Given, Delivery::Arrived),
            message(
                130,
                "n3",
                TaskId::Map(1),
                Content::Finished,
                Delivery::Arrived,
            ),
        ];
        seen.faults = vec![killed()];
        assert_eq!(
            seen.sentences(maps(2, 1)),
            [
                "map 1 is not done: n1 has sent it to n3 at 0.100 s; n3 finished it at 0.130 s; \
              n3 is killed at 0.150 s; n1 has sent it to no node since"
            ]
        );
    }

    #[test]
    fn reduce_tasks_that_n1_may_have_done_are_not_blamed() {
        let at = Progress {
            maps: 1,
            maps_done: 1,
            reduces: 3,
            reduces_done: 2,
        };
        let mut seen = kept(0..1, "n1");
        seen.messages = vec![message(
            200,
            "n2",
            TaskId::Reduce(1),
            Content::Given,
            Delivery::Arrived,
        )];
        assert_eq!(
            seen.sentences(at),
            [
                "reduce 1 is not done: n1 has sent it to n2 at 0.200 s; no result has come; \
              n1 has sent it to no node since"
            ]
        );
    }

    #[test]
    fn many_tasks_are_counted() {
        let facts = kept(0..1, "n1").sentences(maps(9, 1));
        assert_eq!(facts.len(), MAX_SHOWN + 1);
        assert_eq!(
            facts[0],
            "map 1 is not done: n1 has sent it to no other node, so n1 has it itself, or no node has it"
        );
        assert_eq!(
            facts[MAX_SHOWN],
            "5 more tasks are not done for similar reasons"
        );
    }
}
