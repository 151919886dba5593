use std::path::PathBuf;
use std::time::Duration;

use super::*;

fn outcome(problem: u8, title: &str, verdict: Verdict) -> Outcome {
    Outcome {
        scenario: title.replace(' ', "_"),
        title: title.into(),
        problem,
        verdict,
        observations: Vec::new(),
        duration: Duration::from_millis(400),
        repeats: Vec::new(),
        seed: 42,
        explored: None,
        world: World::Processes,
        schedules: 0,
        unsimulated: None,
        folder: None,
    }
}

fn passed(property: &str) -> Verdict {
    Verdict::Passed {
        property: property.into(),
    }
}

/// A report of part 1 over the given outcomes, problem by problem.
fn report(outcomes: Vec<Outcome>) -> PartReport {
    let part = &part1_ping_pong::part();
    let mut report = PartReport::new(part, Graded::Exercise, 42, 1);
    let mut problems: Vec<u8> = outcomes.iter().map(|outcome| outcome.problem).collect();
    problems.dedup();
    let results = problems.into_iter().map(|number| {
        let problem = part.problem(number).unwrap();
        let own = outcomes.iter().filter(|outcome| outcome.problem == number);
        ProblemResult::new(
            number,
            problem.title,
            problem.optional,
            own.cloned().collect(),
        )
    });
    report.conclude(results.collect());
    report
}

fn shown(report: &PartReport) -> String {
    colored::control::set_override(false);
    render_at(
        report,
        &[part1_ping_pong::part(), part2_map_reduce::part()],
        "checker",
        80,
    )
}

#[test]
fn failure_answers_in_order() {
    let failure = Failure::new(
        "n2 was killed; n1 was asked for the totals of all nodes",
        "n1 answered {n1: 3, n3: 5}",
        "every node in list() when asked appears, as a total or as a failure",
    )
    .because("an answer that leaves a node out silently makes a partial sum look complete")
    .evidence("n1 listed n2 and n3 when it was asked")
    .at("src/producer.rs", Some(41))
    .sketch(vec![
        "n1 ──TotalPings──▶ n3   delivered".into(),
        "n1 ──TotalPings──✗ n2   n2 is gone".into(),
    ])
    .stderr("n1", vec!["WARN connection to n2 is down".into()]);
    let report = report(vec![
        outcome(
            1,
            "a ping reaches all",
            passed("A ping reaches every connected node once."),
        ),
        outcome(
            2,
            "a dead node is named",
            Verdict::Failed(Box::new(failure.clone())),
        ),
        outcome(
            2,
            "a paused node is named",
            Verdict::Failed(Box::new(failure)),
        ),
    ]);
    insta::assert_snapshot!(shown(&report), @r#"
Part 1, Ping pong: your code, seed 42

  passed        problem 1, Broadcast: 1 scenario, 0.4 s
  failed        problem 2, Ask everyone: 2 of 2 scenarios failed

Problem 2, Ask everyone: FAILED: a dead node is named

  step      n2 was killed; n1 was asked for the totals of all nodes.
  seen      n1 answered {n1: 3, n3: 5}.
            n1 listed n2 and n3 when it was asked.
  required  Every node in list() when asked appears, as a total or as a failure.
  because   An answer that leaves a node out silently makes a partial sum look
            complete.
  look at   exercises/part1_ping_pong/src/producer.rs:41
            training/part1.md#problem-2-ask-everyone

  What the nodes sent to each other, and what the network did to it:

    n1 ──TotalPings──▶ n3   delivered
    n1 ──TotalPings──✗ n2   n2 is gone

  The last lines that n1 wrote to stderr:

    | WARN connection to n2 is down

  also      failed: a paused node is named.
  again     checker part1 --problem 2 --seed 42

What this run demonstrated:

  ✓ A ping reaches every connected node once.
"#);
}

#[test]
fn success_names_properties_and_what_comes_next() {
    let outcomes = (1..=4).map(|problem| {
        outcome(
            problem,
            "a story",
            passed(&format!("Property {problem} holds.")),
        )
    });
    let mut repeated = outcome(5, "a slow story", passed("Property 5 holds."));
    repeated.repeats.push("the cut came too late".into());
    repeated.observations.push("slow  ████ 4 ms".into());
    let report = report(outcomes.chain([repeated]).collect());
    insta::assert_snapshot!(shown(&report), @r#"
Part 1, Ping pong: your code, seed 42

  passed        problem 1, Broadcast: 1 scenario, 0.4 s
  passed        problem 2, Ask everyone: 1 scenario, 0.4 s
  passed        problem 3, Crash: 1 scenario, 0.4 s
  passed        problem 4, Netsplit: 1 scenario, 0.4 s
  passed        problem 5, A crash during the split, optional: 1 scenario, 0.4
                s; 1 repeat after an inconclusive try

What this run demonstrated:

  ✓ Property 1 holds.
  ✓ Property 2 holds.
  ✓ Property 3 holds.
  ✓ Property 4 holds.
  ✓ Property 5 holds.
      slow  ████ 4 ms

Passed. Next: training/part2.md, then `checker part2`.
"#);
}

#[test]
fn unwritten_problem_is_the_next_one() {
    let not_written = || Verdict::NotWritten {
        gap: "TODO(2)".into(),
    };
    let report = report(vec![
        outcome(
            1,
            "a ping reaches all",
            passed("A ping reaches every connected node once."),
        ),
        outcome(2, "a dead node is named", not_written()),
        outcome(3, "a crash", not_written()),
    ]);
    insta::assert_snapshot!(shown(&report), @r#"
Part 1, Ping pong: your code, seed 42

  passed        problem 1, Broadcast: 1 scenario, 0.4 s
  not written   problem 2, Ask everyone: TODO(2) is not written yet
  not written   problem 3, Crash: TODO(2) is not written yet

What this run demonstrated:

  ✓ A ping reaches every connected node once.

Next: problem 2, Ask everyone. Read training/part1.md#problem-2-ask-everyone, then run
`checker part1 --problem 2`.
"#);
}

#[test]
fn inconclusive_and_faulty_do_not_blame_the_learner() {
    let report = report(vec![
        outcome(
            1,
            "a",
            Verdict::Inconclusive {
                why: "n3 was lost without a fault".into(),
            },
        ),
        outcome(
            2,
            "b",
            Verdict::CheckerFault {
                why: "The guard process is gone.".into(),
            },
        ),
    ]);
    insta::assert_snapshot!(shown(&report), @"

    Part 1, Ping pong: your code, seed 42

      inconclusive  problem 1, Broadcast: 1 of 1 scenario
      checker fault problem 2, Ask everyone: 1 of 1 scenario

    Problem 1, Broadcast: INCONCLUSIVE: a

      why       n3 was lost without a fault.
                This is not a verdict on your code. On a less busy machine, the
                scenario may pass.

      again     checker part1 --problem 1 --seed 42

    Problem 2, Ask everyone: CHECKER FAULT: b

      why       The guard process is gone.
                This is not about your code. Please report it with the command
                below.

      again     checker part1 --problem 2 --seed 42
    ");
}

#[test]
fn compile_error_is_shown_as_cargo_shows_it_with_whose_file_it_is() {
    let error = |file: &str| grader::building::Diagnostic {
        rendered: format!("error: expected `;`\n --> exercises/part1_ping_pong/{file}:7:1\n"),
        brief: "expected `;`".into(),
        file: Some(file.into()),
        line: Some(7),
    };
    let mut report = report(vec![]);
    let errors = [error("src/producer.rs"), error("src/main.rs")];
    report.refuse(Refused::does_not_compile(&part1_ping_pong::part(), &errors));
    insta::assert_snapshot!(shown(&report), @r#"
Part 1, Ping pong: your code, seed 42

error: expected `;`
 --> exercises/part1_ping_pong/src/producer.rs:7:1

error: expected `;`
 --> exercises/part1_ping_pong/src/main.rs:7:1

The code does not compile. Nothing was run.
  exercises/part1_ping_pong/src/producer.rs:7 is yours.
  exercises/part1_ping_pong/src/main.rs:7 is given by the course; if you changed it, `checker reset part1 --given` puts it back.
"#);
}

#[test]
fn refused_submission_lists_every_breach() {
    let mut report = report(vec![]);
    report.graded = Graded::Submission(PathBuf::from("/home/ada/part1"));
    report.refuse(Refused::BreaksRules(vec![
        "build.rs would run while the program is built.".into(),
    ]));
    insta::assert_snapshot!(shown(&report), @r#"
Part 1, Ping pong: the submission in /home/ada/part1, seed 42

The submission is refused. Nothing was run.
  - build.rs would run while the program is built.
"#);
}
