//! Rules of the network about the messages between a manager and its workers.

use ciborium::Value;
use runtime::net::faults::{Action, PatternKind, Rule};

use super::messages::{ManagerMsg, WorkerMsg, is_map};
use testkit::cluster::Cluster;

/// A rule about assignments of a manager to a node, of map or of reduce tasks.
pub(super) fn assignment(
    cluster: &Cluster<'_>,
    action: Action,
    [manager, node]: [&str; 2],
    maps: bool,
) -> Rule {
    Rule::new(action)
        .from(&cluster.name(manager))
        .to(&cluster.name(node))
        .kind(PatternKind::Cast)
        .message("Assign")
        .matching(move |message| match message.deserialized() {
            Ok(WorkerMsg::Assign(assignment)) => is_map(assignment.attempt.task) == maps,
            Err(_) => false,
        })
}

/// A rule about results of a node for a manager, of map or of reduce tasks.
pub(super) fn result(
    cluster: &Cluster<'_>,
    action: Action,
    [node, manager]: [&str; 2],
    maps: bool,
) -> Rule {
    Rule::new(action)
        .from(&cluster.name(node))
        .to(&cluster.name(manager))
        .kind(PatternKind::Cast)
        .message("Finished")
        .matching(move |message: &Value| match message.deserialized() {
            Ok(ManagerMsg::Finished { attempt, .. }) => is_map(attempt.task) == maps,
            _ => false,
        })
}
