use serde_json::{Value, json};

use crate::part;
use testkit::diagnosis::tale::Tale;
use testkit::trace::{Change, Fate, Kind, What};

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

fn finished(task: &str, of: u64, number: u64) -> Value {
    json!({ "Finished": { "attempt": attempt(task, of, number) } })
}

fn begun() -> Tale {
    Tale::of(&["n1", "n2", "n3"])
        .linked("n1", "n2")
        .step("n1 is given a job.")
}

#[track_caller]
fn check(named: Option<(String, String)>, expected: Option<&str>) {
    assert_eq!(named.map(|(mistake, _)| mistake).as_deref(), expected);
}

#[test]
fn what_a_reduce_task_is_to_fetch_tells_what_was_counted() {
    let told = |inputs: &[(u64, u64, &str, &str)]| {
        begun()
            .cast(["n1", "n2"], "worker", reduce(9, inputs))
            .diagnosis(
                &part(),
                4,
                "in the output `Ba` has `8` instead of `4`",
                "exact",
            )
    };
    let right = (0, 1, "n2", "j1");
    check(told(&[right, (1, 2, "n3", "j1")]), None);
    check(
        told(&[right, (0, 3, "n3", "j1")]),
        Some("takes-both-attempts"),
    );
    check(told(&[right, right]), Some("lists-an-output-twice"));
    check(
        told(&[right, (1, 2, "n3", "j0")]),
        Some("takes-results-of-another-job"),
    );
}

#[test]
fn reduce_task_is_early_only_if_a_map_task_was_not_done() {
    let early = |age_us: u64| {
        begun()
            .cast(["n1", "n2"], "worker", map(0, 1))
            .later(age_us)
            .cast(["n1", "n3"], "worker", reduce(9, &[]))
            .cast(["n2", "n1"], "manager", finished("Map", 0, 1))
            .diagnosis(
                &part(),
                2,
                "in the output `Ba` has `2` instead of `4`",
                "exact",
            )
    };
    check(early(0), Some("reduces-before-all-is-mapped"));
    // Somebody else may have done it, when it had taken longer than a lease.
    check(early(1_000_000), None);
}

#[test]
fn reduce_task_that_lacks_a_map_may_come_of_a_result_that_came_twice() {
    let (one, both) = ((0, 1, "n2", "j1"), [(0, 1, "n2", "j1"), (1, 2, "n1", "j1")]);
    let told = |first: &[(u64, u64, &str, &str)], fate| {
        let way = ["n2", "n1"];
        begun()
            .sent(Kind::Cast, way, "manager", finished("Map", 0, 1), fate)
            .cast(["n1", "n2"], "worker", reduce(8, first))
            .cast(["n1", "n3"], "worker", reduce(9, &both))
            .diagnosis(
                &part(),
                4,
                "in the output `Ba` has `3` instead of `4`",
                "exact",
            )
    };
    check(told(&[one], Fate::Doubled), Some("counts-messages"));
    check(told(&both, Fate::Doubled), None);
    check(told(&[one], Fate::Delivered), None);
}

#[test]
fn lost_assignment_that_is_given_out_again_is_no_mistake() {
    let lost = || {
        let way = ["n1", "n2"];
        begun()
            .sent(Kind::Cast, way, "worker", map(0, 1), Fate::Dropped)
            .later(1_500_000)
    };
    let end = |tale: Tale| {
        tale.later(5_000_000).step("It waits.").diagnosis(
            &part(),
            4,
            "7 of 8 map tasks are done",
            "done",
        )
    };
    let asks = || json!({ "Ready": "n2" });
    check(end(lost()), Some("asks-once"));
    check(
        end(lost().cast(["n2", "n1"], "manager", asks())),
        Some("has-no-lease"),
    );
    let again =
        lost()
            .cast(["n2", "n1"], "manager", asks())
            .cast(["n1", "n3"], "worker", map(0, 2));
    check(end(again), None);
}

#[test]
fn who_cannot_fetch_is_not_the_one_to_blame() {
    let why = json!({ "Unfetched": { "output": { "node": "n3", "map": 1 }, "why": "no answer" } });
    let failed = json!({ "Failed": { "attempt": attempt("Reduce", 0, 9), "why": why } });
    let complains = || {
        begun().cast(["n1", "n2"], "worker", reduce(9, &[])).cast(
            ["n2", "n1"],
            "manager",
            failed.clone(),
        )
    };
    let end = |tale: Tale| {
        tale.later(2_000_000)
            .cast(["n2", "n1"], "manager", json!({ "Ready": "n2" }))
            .diagnosis(
                &part(),
                5,
                "8 of 8 map tasks and 0 of 4 reduce tasks are done",
                "done",
            )
    };
    check(end(complains()), Some("blames-who-complains"));
    check(
        end(complains()
            .later(1_500_000)
            .cast(["n1", "n2"], "worker", map(1, 10))),
        None,
    );
}

#[test]
fn output_tells_of_the_function_that_made_it() {
    let alone =
        |problem: u8, seen: &str| Tale::of(&["n1"]).diagnosis(&part(), problem, seen, "exact");
    let lower = "in the output `A` is missing, `AM` is missing, `Ab` is missing, and 8946 more";
    check(alone(1, lower), Some("lower-cases-words"));
    let nothing = "in the output `A` is missing, `AM` is missing, `Ab` is missing, and 13575 more";
    check(alone(1, nothing), None);
    let empty = "in the output `` should not be there";
    check(alone(1, empty), Some("counts-empty-words"));
    let marks = "in the output `AM` has `3` instead of `4`, `Aaron` has `205` instead of `350`, `Aaronites` is missing, and 58480 more";
    check(alone(1, marks), Some("counts-words-with-punctuation"));
    let order = "in the output `Ba` has `zebra.txt a file.txt` instead of `a file.txt zebra.txt`";
    check(alone(1, order), Some("index-out-of-order"));
    let again = "in the output `Ba` has `a file.txt a file.txt zebra.txt` instead of `a file.txt zebra.txt`";
    check(alone(1, again), Some("index-repeats-files"));
    let places = "the key `Ba` stands in part-00000 and in part-00001";
    check(alone(1, places), Some("partitions-by-more-than-the-key"));
}

#[test]
fn worker_that_was_idle_when_reduce_tasks_began_was_forgotten() {
    let told = |last: Value| {
        begun()
            .cast(["n1", "n2"], "worker", map(0, 1))
            .cast(["n2", "n1"], "manager", finished("Map", 0, 1))
            .cast(["n1", "n3"], "worker", reduce(9, &[]))
            .cast(["n1", "n2"], "worker", last)
            .diagnosis(
                &part(),
                2,
                "no result of a reduce task came from n2",
                "every worker node finishes at least one reduce task",
            )
    };
    check(told(map(1, 2)), Some("forgets-idle-workers"));
    check(told(reduce(10, &[])), None);
}

#[test]
fn dead_node_must_be_known_to_be_dead() {
    let reduced = || {
        begun()
            .done("n3", Change::Killed, "n3 is killed")
            .cast(["n1", "n2"], "worker", reduce(9, &[(1, 2, "n3", "j1")]))
            .diagnosis(&part(), 3, "17 of 18 map tasks are done", "done")
    };
    check(reduced(), None);
}

#[test]
fn lost_task_that_nobody_gets_is_told_from_one_that_counts_as_done() {
    let after = |seen: &str| {
        Tale::of(&["n1", "n2", "n3"])
            .linked("n1", "n3")
            .step("n1 is given a job.")
            .cast(["n1", "n3"], "worker", map(0, 1))
            .cast(["n3", "n1"], "manager", finished("Map", 0, 1))
            .step("n3 is killed.")
            .done("n3", Change::Killed, "n3 is killed")
            .event(What::Closed {
                connection: 1,
                by: None,
            })
            .later(100_000)
            .cast(["n1", "n2"], "worker", map(1, 2))
            .cast(["n2", "n1"], "manager", finished("Map", 1, 2))
            .later(5_000_000)
            .step("It waits.")
            .diagnosis(&part(), 3, seen, "the job gets done")
    };
    let open = "1 of 2 map tasks and 0 of 4 reduce tasks are done";
    check(after(open), Some("lost-task-does-not-wait"));
    let mapped = "2 of 2 map tasks and 0 of 4 reduce tasks are done";
    check(after(mapped), None);
}

#[test]
fn manager_is_the_node_that_is_given_a_job() {
    let waits = Tale::of(&["n1", "n2", "n3"])
        .linked("n3", "n1")
        .step("n3 is given a job.")
        .diagnosis(
            &part(),
            2,
            "no result came in",
            "workers do some of the tasks",
        );
    let (mistake, because) = waits.unwrap();
    assert_eq!(mistake, "works-alone");
    assert!(because.starts_with("n3 was given a job"), "{because}");
}
