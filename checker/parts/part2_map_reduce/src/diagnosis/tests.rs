use serde_json::{Value, json};

use crate::fact::{Difference, Fact, Step};
use crate::part;
use testkit::diagnosis::tale::Tale;
use testkit::trace::{Change, What};

fn attempt(task: &str, of: u64, number: u64) -> Value {
    json!({ "job": "j1", "task": { task: of }, "number": number })
}

fn map(of: u64, number: u64) -> Value {
    json!({ "Assign": { "attempt": attempt("Map", of, number) } })
}

/// A reduce task that is to fetch these: the map, the attempt, the node, the job.
fn reduce(number: u64, inputs: &[(u64, u64, &str, &str)]) -> Value {
    let inputs: Vec<Value> = inputs
        .iter()
        .map(|(map, attempt, node, job)| json!({ "map": map, "attempt": attempt, "node": node, "job": job }))
        .collect();
    let work = json!({ "Reduce": { "inputs": inputs } });
    json!({ "Assign": { "attempt": attempt("Reduce", 0, number), "work": work } })
}

fn differs() -> Fact {
    let difference = Difference {
        key: "Ba".into(),
        seen: Some("8".into()),
        wanted: Some("4".into()),
    };
    Fact::OutputDiffers {
        differences: vec![difference],
        more: 0,
    }
}

fn not_done() -> Fact {
    Fact::JobNotDone {
        maps_done: 7,
        maps: 8,
        reduces_done: 0,
        reduces: 4,
    }
}

fn begun() -> Tale {
    Tale::of(&["n1", "n2", "n3"])
        .linked("n1", "n2")
        .step_as(&Step::job_given("n1"))
}

#[track_caller]
fn check(tale: Tale, problem: u8, fact: &Fact, expected: Option<&str>) {
    assert_eq!(tale.named(&part(), problem, fact).as_deref(), expected);
}

#[test]
fn inputs_of_a_reduce_task_show_what_the_manager_counted() {
    let given = |inputs: &[(u64, u64, &str, &str)]| {
        begun().cast(["n1", "n2"], "worker", map(0, 1)).cast(
            ["n1", "n2"],
            "worker",
            reduce(9, inputs),
        )
    };
    let right = (0, 1, "n2", "j1");
    check(given(&[right, (1, 2, "n3", "j1")]), 4, &differs(), None);
    check(
        given(&[right, (0, 3, "n3", "j1")]),
        4,
        &differs(),
        Some("takes-both-attempts"),
    );
    check(
        given(&[right, right]),
        4,
        &differs(),
        Some("lists-an-output-twice"),
    );
    check(
        given(&[right, (1, 2, "n3", "j0")]),
        4,
        &differs(),
        Some("takes-results-of-another-job"),
    );
}

#[test]
fn reduce_task_without_a_known_map_is_early() {
    let given = |inputs: &[(u64, u64, &str, &str)]| {
        begun().cast(["n1", "n2"], "worker", map(0, 1)).cast(
            ["n1", "n3"],
            "worker",
            reduce(9, inputs),
        )
    };
    let early = Some("reduces-before-all-is-mapped");
    check(given(&[]), 2, &differs(), early);
    check(given(&[(0, 1, "n2", "j1")]), 2, &differs(), None);
    // A later reduce task tells of a map task of the manager's own node.
    let later = reduce(10, &[(0, 1, "n2", "j1"), (1, 2, "n1", "j1")]);
    let later = given(&[(0, 1, "n2", "j1")]).cast(["n1", "n2"], "worker", later);
    check(later, 4, &differs(), early);
}

#[test]
fn manager_that_sends_no_message_works_alone() {
    check(begun(), 2, &Fact::NoResult, Some("works-alone"));
    let sent = begun().cast(["n1", "n2"], "worker", map(0, 1));
    check(sent, 2, &Fact::NoResult, None);
    let alone = Tale::of(&["n1", "n2"]).step_as(&Step::job_given("n1"));
    check(alone, 2, &Fact::NoResult, None);
}

#[test]
fn key_in_two_files_names_the_partition_function() {
    let fact = Fact::KeyInTwoFiles {
        key: "Ba".into(),
        files: ["part-00000".into(), "part-00001".into()],
    };
    let alone = || Tale::of(&["n1"]);
    check(alone(), 1, &fact, Some("partitions-by-more-than-the-key"));
    check(alone(), 1, &differs(), None);
}

#[test]
fn output_of_a_dead_node_is_lost_when_the_manager_knows_of_the_death() {
    let killed = || {
        Tale::of(&["n1", "n2", "n3"])
            .linked("n1", "n3")
            .step_as(&Step::job_given("n1"))
            .cast(["n1", "n3"], "worker", map(1, 2))
            .step("n3 is killed.")
            .done("n3", Change::Killed, "n3 is killed")
    };
    let gives = |tale: Tale| tale.cast(["n1", "n2"], "worker", reduce(9, &[(1, 2, "n3", "j1")]));
    check(gives(killed()), 3, &not_done(), None);
    let closed = What::Closed {
        connection: 1,
        by: None,
    };
    let knows = gives(killed().event(closed).later(100_000));
    check(knows, 3, &not_done(), Some("lost-outputs-count-as-done"));
}

#[test]
fn task_that_fails_on_one_node_again_and_again_is_given_to_it_again() {
    let why = json!({ "Unfetched": { "output": { "node": "n3", "map": 1 }, "why": "no answer" } });
    let failed = json!({ "Failed": { "attempt": attempt("Reduce", 0, 9), "why": why } });
    let fails = |times: usize| {
        (0..times).fold(begun(), |tale, _| {
            tale.cast(["n2", "n1"], "manager", failed.clone())
        })
    };
    check(fails(2), 5, &not_done(), None);
    let again = Some("reduces-on-the-same-worker-again");
    check(fails(3), 5, &not_done(), again);
}
