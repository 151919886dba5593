//! What a teacher sees: each student and problem, where the room is stuck, and what needs a person.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::{attribute, class, page, sign, word};
use crate::mark::{Mark, PartMark};
use report::page::escaped;
use testkit::part::Part;
use testkit::verdict::{Failure, Standing, Verdict};

/// How many failures are told in full.
const TOLD: usize = 8;

/// How many of the slowest are named.
const SLOWEST: usize = 5;

const STANDINGS: [Standing; 5] = [
    Standing::Passed,
    Standing::Failed,
    Standing::NotWritten,
    Standing::Inconclusive,
    Standing::CheckerFault,
];

/// The page of the class.
pub fn render(marks: &[Mark], parts: &[&Part], unfinished: usize) -> String {
    let students = marks.len();
    let mut body = format!(
        "<a class=\"skip\" href=\"#map\">Skip to the map</a>\n<header id=\"top\"><h1>The class: {students} student{}</h1>\
         <p class=\"when\">{}</p></header>\n<main class=\"wide\">\n",
        if students == 1 { "" } else { "s" },
        counts(marks.iter().map(|mark| mark.standing)),
    );
    if unfinished > 0 {
        let _ = writeln!(
            body,
            "<p class=\"note\">{unfinished} attempts are still to be made; <kbd>--resume</kbd> continues.</p>"
        );
    }
    needs_a_person(&mut body, marks);
    stuck(&mut body, marks, parts);
    failures(&mut body, marks, parts);
    map(&mut body, marks, parts);
    times(&mut body, marks);
    body.push_str("</main>\n");
    page("The class", &body)
}

/// How often each word stands there: "3 passed, 1 failed".
fn counts(all: impl Iterator<Item = Standing> + Clone) -> String {
    let count = |wanted| all.clone().filter(|standing| *standing == wanted).count();
    let counts = STANDINGS
        .iter()
        .map(|standing| (count(*standing), standing.word()));
    let told = counts.filter(|(count, _)| *count > 0);
    let told: Vec<String> = told
        .map(|(count, word)| format!("{count} {word}"))
        .collect();
    told.join(", ")
}

fn link(mark: &Mark) -> String {
    format!(
        "<a href=\"{}\">{}</a>",
        attribute(&mark.feedback),
        escaped(&mark.student)
    )
}

/// Marks that are not final, and what else a person should look at.
fn needs_a_person(body: &mut String, marks: &[Mark]) {
    let mut lines = Vec::new();
    for mark in marks {
        for part in &mark.parts {
            let mut about = |what: String| {
                lines.push(format!("<li>{}, {}: {what}</li>", link(mark), part.part));
            };
            let undecided = part.problems.iter().filter(|problem| {
                matches!(
                    problem.standing,
                    Standing::Inconclusive | Standing::CheckerFault
                )
            });
            let undecided: Vec<String> = undecided
                .map(|problem| {
                    format!("problem {} is {}", problem.problem, problem.standing.word())
                })
                .collect();
            if !part.is_final {
                let why = part.cut_short.as_deref().unwrap_or_default();
                let because = match undecided.as_slice() {
                    [] => String::new(),
                    undecided => format!(", because {}", undecided.join(", ")),
                };
                about(format!("no final mark{because}. {}", escaped(why)));
            }
            let unsteady = part.problems.iter().filter(|problem| problem.unsteady);
            let unsteady: Vec<String> = unsteady
                .map(|problem| problem.problem.to_string())
                .collect();
            if !unsteady.is_empty() {
                about(format!(
                    "failed once and passed once in problem {}: the problem is passed.",
                    unsteady.join(", ")
                ));
            }
            if part
                .isolation
                .as_deref()
                .is_some_and(|isolation| isolation != "bubblewrap")
            {
                about("the submission was not isolated. Do not trust its points.".to_owned());
            }
        }
    }
    body.push_str("<section><h2>What needs a person</h2>\n");
    if lines.is_empty() {
        body.push_str("<p>Nothing: each mark is final, and no verdict changed when it was repeated.</p></section>\n");
        return;
    }
    let _ = writeln!(body, "<ul>\n{}\n</ul></section>", lines.join("\n"));
}

/// How many students solved each problem.
fn stuck(body: &mut String, marks: &[Mark], parts: &[&Part]) {
    body.push_str(
        "<section><h2>Where the class is stuck</h2>\n<table><thead><tr><th scope=\"col\">Problem</th>\
         <th scope=\"col\">Verdicts</th><th scope=\"col\">Not solved</th></tr></thead><tbody>\n",
    );
    for part in parts {
        for problem in part.problems {
            let of_problem = marks.iter().filter_map(|mark| {
                let part = mark.parts.iter().find(|own| own.part == part.name)?;
                let found = part
                    .problems
                    .iter()
                    .find(|own| own.problem == problem.number)?;
                Some(found.standing)
            });
            let unsolved = of_problem
                .clone()
                .filter(|standing| *standing != Standing::Passed)
                .count();
            let share = unsolved * 100 / marks.len().max(1);
            let _ = writeln!(
                body,
                "<tr><th scope=\"row\">{} problem {}: {}</th><td>{}</td><td><span class=\"bar\" style=\"width:{}rem\"></span> {share}%</td></tr>",
                part.name,
                problem.number,
                escaped(problem.title),
                counts(of_problem),
                share as f64 / 12.0,
            );
        }
    }
    body.push_str("</tbody></table></section>\n");
}

/// Failures of one kind: the same mistake, or the same claim of the same scenario.
struct Kind<'a> {
    part: &'a PartMark,
    problem: u8,
    students: Vec<&'a Mark>,
    /// The failure with the shortest story.
    shortest: &'a Failure,
    title: &'a str,
}

/// How long a story is, for people.
fn length(failure: &Failure) -> usize {
    let counterexample = failure
        .counterexample
        .as_ref()
        .map_or(0, |found| found.steps.len());
    counterexample + failure.sketch.len() + failure.evidence.len()
}

fn kinds(marks: &[Mark]) -> Vec<Kind<'_>> {
    let mut kinds: BTreeMap<(&str, u8, String), Kind> = BTreeMap::new();
    for mark in marks {
        for part in &mark.parts {
            for problem in &part.problems {
                // One failure a problem: the others mostly follow from the same mistake.
                let failure = problem
                    .outcomes
                    .iter()
                    .find_map(|outcome| match &outcome.verdict {
                        Verdict::Failed(failure) => Some((&outcome.title, failure)),
                        _ => None,
                    });
                let Some((title, failure)) = failure else {
                    continue;
                };
                let name = match &failure.diagnosis {
                    Some(diagnosis) => diagnosis.mistake.clone(),
                    None => format!("{title}: {}", failure.claim()),
                };
                let kind = kinds
                    .entry((&part.part, problem.problem, name))
                    .or_insert(Kind {
                        part,
                        problem: problem.problem,
                        students: Vec::new(),
                        shortest: failure,
                        title,
                    });
                kind.students.push(mark);
                if length(failure) < length(kind.shortest) {
                    (kind.shortest, kind.title) = (failure, title);
                }
            }
        }
    }
    let mut kinds: Vec<Kind> = kinds.into_values().collect();
    kinds.sort_by_key(|kind| std::cmp::Reverse(kind.students.len()));
    kinds
}

fn failures(body: &mut String, marks: &[Mark], parts: &[&Part]) {
    let kinds = kinds(marks);
    body.push_str("<section><h2>The most common failures</h2>\n");
    if kinds.is_empty() {
        body.push_str("<p>No scenario failed.</p>\n");
    }
    for kind in kinds.iter().take(TOLD) {
        let failure = kind.shortest;
        let head = match &failure.diagnosis {
            Some(diagnosis) => &diagnosis.suggests,
            None => kind.title,
        };
        let count = kind.students.len();
        let _ = writeln!(
            body,
            "<details class=\"card failure\"><summary><b>{count} student{}</b>, {} problem {}: {}</summary><dl>\
             <dt>Step</dt><dd>{}</dd><dt>Expected</dt><dd>{}</dd><dt>What happened</dt><dd>{}</dd>",
            if count == 1 { "" } else { "s" },
            kind.part.part,
            kind.problem,
            escaped(head),
            escaped(&failure.step),
            escaped(&failure.expected),
            escaped(&failure.seen),
        );
        let known = parts.iter().find(|part| part.name == kind.part.part);
        let own = known.and_then(|part| Some(part.section(part.problem(kind.problem)?.anchor)));
        if let Some(section) = failure.section(own.as_deref()) {
            let _ = writeln!(body, "<dt>Read</dt><dd>{}</dd>", escaped(section));
        }
        let students = kind.students.iter().take(20).map(|mark| link(mark));
        let _ = writeln!(
            body,
            "<dt>Students</dt><dd>{}{}</dd></dl>",
            students.collect::<Vec<_>>().join(", "),
            if count > 20 {
                format!(" and {} more", count - 20)
            } else {
                String::new()
            }
        );
        if !failure.sketch.is_empty() {
            let _ = writeln!(
                body,
                "<pre class=\"drawing\">{}</pre>",
                escaped(&failure.sketch.join("\n"))
            );
        }
        body.push_str("</details>\n");
    }
    if kinds.len() > TOLD {
        let _ = writeln!(
            body,
            "<p>{} more kinds of failure are in results.jsonl.</p>",
            kinds.len() - TOLD
        );
    }
    body.push_str("</section>\n");
}

fn map(body: &mut String, marks: &[Mark], parts: &[&Part]) {
    body.push_str("<section id=\"map\" tabindex=\"-1\"><h2>Each student and problem</h2>\n<p class=\"legend\">");
    for standing in STANDINGS {
        let _ = write!(body, "<span>{}</span>", word(standing));
    }
    body.push_str(
        "</p>\n<div class=\"map-frame\" tabindex=\"0\" role=\"region\" aria-label=\"Each student and problem\">\
         <table class=\"map\"><thead><tr><th rowspan=\"2\" scope=\"col\">Student</th>",
    );
    for part in parts {
        let _ = write!(
            body,
            "<th colspan=\"{}\" scope=\"colgroup\">{}</th>",
            part.problems.len(),
            part.name
        );
    }
    body.push_str("<th rowspan=\"2\" scope=\"col\">Points</th></tr><tr>");
    for part in parts {
        for problem in part.problems {
            let optional = if problem.optional { "*" } else { "" };
            let _ = write!(
                body,
                "<th scope=\"col\" title=\"{}\">{}{optional}</th>",
                attribute(problem.title),
                problem.number
            );
        }
    }
    body.push_str("</tr></thead><tbody>\n");
    for mark in marks {
        let _ = write!(body, "<tr><th scope=\"row\">{}</th>", link(mark));
        for part in &mark.parts {
            for problem in &part.problems {
                let unsteady = if problem.unsteady { "~" } else { "" };
                let _ = write!(
                    body,
                    "<td class=\"cell {}\" title=\"{} problem {}: {}\">{}{unsteady}<span class=\"unseen\"> {}</span></td>",
                    class(problem.standing),
                    part.part,
                    problem.problem,
                    problem.standing.word(),
                    sign(problem.standing),
                    problem.standing.word(),
                );
            }
        }
        let points = match mark.is_final {
            true => format!("{} of {}", mark.points.earned, mark.points.of),
            false => "not final".to_owned(),
        };
        let _ = writeln!(body, "<td class=\"number\">{points}</td></tr>");
    }
    body.push_str(
        "</tbody></table></div>\n<p class=\"caption\">* is optional. ~ failed once and passed when it was repeated.</p></section>\n",
    );
}

fn times(body: &mut String, marks: &[Mark]) {
    let mut times: Vec<(f64, &Mark, &PartMark)> = marks
        .iter()
        .flat_map(|mark| {
            mark.parts
                .iter()
                .map(move |part| (part.seconds, mark, part))
        })
        .filter(|(seconds, ..)| *seconds > 0.0)
        .collect();
    times.sort_by(|a, b| b.0.total_cmp(&a.0));
    body.push_str("<section><h2>Times</h2>\n");
    if let Some((median, ..)) = times.get(times.len() / 2) {
        let all: f64 = times.iter().map(|(seconds, ..)| seconds).sum();
        let _ = writeln!(
            body,
            "<p>A submission took {median:.1} s (median), and all submissions {:.0} min. The slowest:</p><ul>",
            all / 60.0
        );
        for (seconds, mark, part) in times.iter().take(SLOWEST) {
            let limit = part.cut_short.as_deref().unwrap_or_default();
            let _ = writeln!(
                body,
                "<li>{}, {}: {seconds:.1} s in {} attempts {}</li>",
                link(mark),
                part.part,
                part.attempts,
                escaped(limit)
            );
        }
        body.push_str("</ul>\n");
    } else {
        body.push_str("<p>Nothing was run.</p>\n");
    }
    body.push_str("</section>\n");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mark::tests::{PART, all, failed, inconclusive, mark, passed};
    use crate::policy::Policy;

    fn marks(count: usize) -> Vec<Mark> {
        let of = |number: usize| {
            let came_out = [passed, failed, inconclusive][number % 3];
            let part = mark(&[all("x", came_out)], &Policy::default());
            Mark::new(
                &format!("student {number} <i>"),
                &format!("s{number}"),
                vec![part],
            )
        };
        (0..count).map(of).collect()
    }

    #[test]
    fn class_page_names_each_student_once_in_the_map_and_escapes_names() {
        let page = render(&marks(9), &[&PART], 0);
        assert!(page.contains("<h1>The class: 9 students</h1>"));
        assert!(page.contains("3 passed, 3 failed, 3 inconclusive"));
        assert_eq!(
            page.matches("<tr><th scope=\"row\"><a href=\"feedback/s")
                .count(),
            9
        );
        assert!(page.contains("student 4 &lt;i&gt;") && !page.contains("student 4 <i>"));
    }

    #[test]
    fn failures_of_one_kind_are_told_once_with_the_number_of_students() {
        let page = render(&marks(9), &[&PART], 0);
        assert_eq!(
            page.matches("<b>3 students</b>, part1 problem 1").count(),
            1
        );
    }

    #[test]
    fn marks_that_are_not_final_need_a_person() {
        let page = render(&marks(3), &[&PART], 2);
        assert!(page.contains("no final mark, because problem 1 is inconclusive"));
        assert!(page.contains("2 attempts are still to be made"));
        let all_passed = render(&marks(1), &[&PART], 0);
        assert!(all_passed.contains("Nothing: each mark is final"));
    }

    #[test]
    fn page_of_three_hundred_students_stays_small() {
        let page = render(&marks(300), &[&PART], 0);
        assert!(page.len() < 1 << 20, "{}", page.len());
    }
}
