//! What must hold between the stub of a part and its solution.
//!
//! A learner compares the two, `checker reset` and `checker diff` work by their markers, and the
//! verdict "not written" trusts them. So they may differ in their gaps only, and what is to be
//! done is marked where it is to be done, and nowhere else.

use std::collections::{BTreeMap, BTreeSet};

use crate::course::Course;
use crate::gaps::{Gap, Piece, pieces};
use crate::sources::Sources;
use crate::stubs::Stub;
use crate::tokens::{tokens, without_imports};
use testkit::part::Part;
use testkit::trouble::Result;

/// The breaches of the rules in one part, a sentence each.
///
/// # Errors
/// When the files cannot be read.
pub fn breaches(course: &Course, part: &Part) -> Result<Vec<String>> {
    let stub = Stub::read(course, part)?.sources();
    let solution = Sources::read(&course.solution(part))?;
    let problems = part.problems.iter().map(|problem| problem.number).collect();
    Ok(compare(&stub, &solution, &problems))
}

fn compare(stub: &Sources, solution: &Sources, problems: &BTreeSet<u8>) -> Vec<String> {
    let mut breaches = Vec::new();
    for file in stub
        .files
        .keys()
        .filter(|file| !solution.files.contains_key(*file))
    {
        breaches.push(format!("{file}: the stub has it, the solution does not."));
    }
    for file in solution
        .files
        .keys()
        .filter(|file| !stub.files.contains_key(*file))
    {
        breaches.push(format!("{file}: the solution has it, the stub does not."));
    }
    let mut numbers = Numbers::default();
    for (file, stub) in &stub.files {
        let Some(solution) = solution.files.get(file) else {
            continue;
        };
        match (pieces(stub), pieces(solution)) {
            (Err(why), _) => breaches.push(format!("{file}, stub: {why}.")),
            (_, Err(why)) => breaches.push(format!("{file}, solution: {why}.")),
            (Ok(stub), Ok(solution)) => {
                compare_pieces(file, &stub, &solution, &mut breaches);
                check_marks(file, &stub, &mut breaches);
                check_solved(file, &solution, &mut breaches);
                numbers.note(&stub, &solution);
            }
        }
    }
    numbers.check(problems, &mut breaches);
    breaches
}

/// Same gaps in the same order, and the same code around them.
fn compare_pieces(file: &str, stub: &[Piece], solution: &[Piece], breaches: &mut Vec<String>) {
    for (ours, theirs) in stub.iter().zip(solution) {
        match (ours, theirs) {
            (Piece::Gap(ours), Piece::Gap(theirs)) if ours.name != theirs.name => {
                return breaches.push(format!(
                    "{file}: line {} of the stub has gap {}: {}, line {} of the solution has gap {}: {}.",
                    ours.line, ours.name.number, ours.name.title, theirs.line, theirs.name.number, theirs.name.title
                ));
            }
            (Piece::Given(line, ours), Piece::Given(_, theirs)) => {
                let (ours, theirs) = (given_code(ours), given_code(theirs));
                if ours != theirs {
                    breaches.push(format!(
                        "{file}: outside of the gaps, from line {line} of the stub on, {}.",
                        first_difference(&ours, &theirs)
                    ));
                }
            }
            _ => {}
        }
    }
    if stub.len() != solution.len() {
        breaches.push(format!(
            "{file}: one of stub and solution has more gaps than the other."
        ));
    }
}

fn given_code(text: &str) -> Vec<String> {
    without_imports(&tokens(text))
}

fn first_difference(stub: &[String], solution: &[String]) -> String {
    let same = stub
        .iter()
        .zip(solution)
        .take_while(|(a, b)| a == b)
        .count();
    let from_there = |tokens: &[String]| {
        let shown = tokens.iter().skip(same).take(5);
        shown.cloned().collect::<Vec<_>>().join(" ")
    };
    format!(
        "the stub says `{}` where the solution says `{}`",
        from_there(stub),
        from_there(solution)
    )
}

/// In a stub, each `TODO(n)` is in a gap of number n, and each gap says what is to do. One gap of a number
/// in a file may be empty: for functions, say, that nothing in particular must be true of.
fn check_marks(file: &str, stub: &[Piece], breaches: &mut Vec<String>) {
    let mut empty = BTreeSet::new();
    for piece in stub {
        match piece {
            Piece::Given(from, text) => {
                for (line, text) in (*from..).zip(text.lines()) {
                    if text.contains("TODO") {
                        breaches.push(format!("{file}, line {line}: TODO outside of a gap."));
                    }
                }
            }
            Piece::Gap(Gap {
                name, line, body, ..
            }) => {
                let mark = format!("TODO({})", name.number);
                let strangers = body.matches("TODO").count() - body.matches(&mark).count();
                if strangers > 0 {
                    breaches.push(format!(
                        "{file}, line {line}: gap {} has a TODO with another number.",
                        name.number
                    ));
                }
                let mut may_be_empty = || body.trim().is_empty() && empty.insert(name.number);
                if !body.contains(&mark) && !may_be_empty() {
                    breaches.push(format!("{file}, line {line}: the gap has no {mark}."));
                }
            }
        }
    }
}

/// A solution has nothing left to do.
fn check_solved(file: &str, solution: &[Piece], breaches: &mut Vec<String>) {
    for piece in solution {
        let (line, text) = match piece {
            Piece::Given(line, text) => (line, text),
            Piece::Gap(gap) => (&gap.line, &gap.body),
        };
        if text.contains("TODO") || text.contains("todo!") {
            breaches.push(format!(
                "{file}: the solution still has a TODO after line {line}."
            ));
        }
    }
}

/// What is known of the gaps of each number, over all files.
#[derive(Default)]
struct Numbers(BTreeMap<u8, Filling>);

#[derive(Default)]
struct Filling {
    marked: bool,
    stub: Vec<String>,
    solution: Vec<String>,
}

impl Numbers {
    fn note(&mut self, stub: &[Piece], solution: &[Piece]) {
        for piece in stub {
            if let Piece::Gap(gap) = piece {
                let filling = self.0.entry(gap.name.number).or_default();
                filling.marked |= gap.body.contains("TODO(");
                filling.stub.extend(tokens(&gap.body));
            }
        }
        for piece in solution {
            if let Piece::Gap(gap) = piece {
                let filling = self.0.entry(gap.name.number).or_default();
                filling.solution.extend(tokens(&gap.body));
            }
        }
    }

    fn check(&self, problems: &BTreeSet<u8>, breaches: &mut Vec<String>) {
        for (number, filling) in &self.0 {
            if !problems.contains(number) {
                breaches.push(format!(
                    "Gap {number}: the part has no problem of this number."
                ));
            }
            if !filling.marked {
                breaches.push(format!(
                    "Gap {number}: there is no TODO({number}) in any of its places."
                ));
            }
            if filling.stub == filling.solution {
                breaches.push(format!(
                    "Gap {number}: the solution holds the same code as the stub."
                ));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use parts::PARTS;

    const STUB: &str = "use a;\nfn f() {\n    // ── gap 1: ask\n    // TODO(1): ask\n    todo!(\"TODO(1) ask\")\n    // ── end 1\n}\n// ── gap 1: more\n// ── end 1\n";
    const SOLUTION: &str = "use b;\nfn f() {\n    // ── gap 1: ask\n    // Because.\n    ask()\n    // ── end 1\n}\n// ── gap 1: more\n// ── end 1\n";

    #[track_caller]
    fn check(stub: &str, solution: &str, breach: Option<&str>) {
        let sources = |text: &str| Sources {
            files: BTreeMap::from([("a.rs".to_owned(), text.to_owned())]),
        };
        let found = compare(&sources(stub), &sources(solution), &BTreeSet::from([1, 2]));
        match breach {
            None => assert!(found.is_empty(), "{found:#?}"),
            Some(breach) => assert!(
                found.iter().any(|found| found.contains(breach)),
                "{found:#?}"
            ),
        }
    }

    #[test]
    fn stub_and_solution_that_differ_in_gaps_and_imports_pass() {
        check(STUB, SOLUTION, None);
    }

    #[test]
    fn code_that_differs_outside_of_the_gaps_is_found() {
        check(
            STUB,
            &SOLUTION.replace("fn f", "fn g"),
            Some("`f ( ) {` where the solution says `g ( ) {`"),
        );
    }

    #[test]
    fn gaps_that_differ_are_found() {
        check(
            STUB,
            &SOLUTION.replace("gap 1: ask", "gap 1: tell"),
            Some("gap 1: tell"),
        );
        check(STUB, "use a;\nfn f() {\n}", Some("more gaps"));
        check(
            &STUB.replace("more\n// ── end 1", "more"),
            SOLUTION,
            Some("never closed"),
        );
    }

    #[test]
    fn todo_in_the_wrong_place_is_found() {
        check(
            &format!("// TODO(1)\n{STUB}"),
            SOLUTION,
            Some("line 1: TODO outside of a gap"),
        );
        check(
            &STUB.replace("TODO(1) ask", "TODO(2) ask"),
            SOLUTION,
            Some("TODO with another number"),
        );
        check(
            STUB,
            &SOLUTION.replace("Because", "TODO(1)"),
            Some("still has a TODO"),
        );
    }

    #[test]
    fn gap_without_its_todo_is_found() {
        check(
            &STUB.replace("TODO(1)", "to do"),
            SOLUTION,
            Some("has no TODO(1)"),
        );
    }

    #[test]
    fn unfilled_gap_of_the_solution_is_found() {
        check(
            STUB,
            &SOLUTION.replace("ask()", "todo!(\"TODO(1) ask\")"),
            Some("same code as the stub"),
        );
    }

    #[test]
    fn second_empty_gap_of_a_number_is_found() {
        let more = "// ── gap 1: yet more\n// ── end 1\n";
        check(
            &format!("{STUB}{more}"),
            &format!("{SOLUTION}{more}"),
            Some("line 10: the gap has no TODO(1)"),
        );
        let marked = more.replace("more\n", "more\n// TODO(1): tell\n");
        check(
            &format!("{STUB}{marked}"),
            &format!("{SOLUTION}{more}"),
            None,
        );
    }

    #[test]
    fn gap_without_a_problem_is_found() {
        let nine = |text: &str| {
            text.replace("gap 1", "gap 9")
                .replace("end 1", "end 9")
                .replace("TODO(1)", "TODO(9)")
        };
        check(
            &nine(STUB),
            &nine(SOLUTION),
            Some("no problem of this number"),
        );
    }

    #[test]
    fn parts_of_the_course_keep_the_rules() {
        let course = Course::find(env!("CARGO_MANIFEST_DIR").as_ref()).unwrap();
        for part in PARTS.iter() {
            let found = breaches(&course, part).unwrap();
            assert!(found.is_empty(), "{}: {found:#?}", part.name);
        }
    }
}
