//! What a student reads: the points, and for each problem without them what was expected and what happened.
//!
//! It names no seed, no path of the machine that graded, and no other student.

use std::fmt::Write;

use super::{attribute, page, word};
use crate::mark::{Mark, PartMark, ProblemMark};
use grader::part_report::Refused;
use report::page::escaped;
use testkit::part::Part;
use testkit::verdict::{Failure, Outcome, Standing, Verdict, at_line};

/// How many failed scenarios of a problem are told in full.
const TOLD: usize = 3;

/// What must not stand in a page: paths of the machine that graded, and seeds.
#[derive(Debug, Default)]
pub struct Hidden {
    /// Longer ones first, as one may begin another.
    texts: Vec<String>,
}

impl Hidden {
    /// Hides absolute paths and numbers. Anything shorter, or a relative path, may be a word of any text.
    pub fn new(texts: impl IntoIterator<Item = String>) -> Hidden {
        let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        let means_something =
            |text: &String| text.len() > 3 && (text.starts_with('/') || is_number(text));
        let mut texts: Vec<String> = texts.into_iter().filter(means_something).collect();
        texts.sort_by_key(|text| std::cmp::Reverse(text.len()));
        Hidden { texts }
    }

    /// The text without what must not stand there.
    pub fn plain(&self, text: &str) -> String {
        let mut text = without_colors(text);
        for hidden in &self.texts {
            if text.contains(hidden.as_str()) {
                text = text.replace(&format!("{hidden}/"), "").replace(hidden, "…");
            }
        }
        text
    }

    /// The same as it may stand in a page.
    fn shown(&self, text: &str) -> String {
        escaped(&self.plain(text))
    }
}

/// Text without the sequences by which a terminal is told colors.
fn without_colors(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        if letter == '\u{1b}' {
            if letters.next() == Some('[') {
                letters.by_ref().find(char::is_ascii_alphabetic);
            }
        } else {
            plain.push(letter);
        }
    }
    plain
}

/// The page of a student.
pub fn render(mark: &Mark, parts: &[&Part], hidden: &Hidden) -> String {
    let points = mark.points;
    let title = format!("Feedback for {}", mark.student);
    let mut body = format!(
        "<header id=\"top\"><h1>{} {}</h1><p class=\"when\">{}{}</p></header>\n<main>\n",
        escaped(&title),
        word(mark.standing),
        format_args!("{} of {} points", points.earned, points.of),
        match points.optional_earned.0 {
            0 => String::new(),
            _ => format!(
                ", and {} of {} for optional problems",
                points.optional_earned, points.optional_of
            ),
        },
    );
    if !mark.is_final {
        body.push_str(
            "<p class=\"note\">This mark is not final. The checker could not decide about the problems marked \
             <b>inconclusive</b> or <b>checker fault</b>. That is not your program's fault, and they will be graded again.</p>\n",
        );
    }
    for part in &mark.parts {
        let known = parts.iter().find(|known| known.name == part.part);
        part_section(&mut body, part, known.copied(), hidden);
    }
    body.push_str("</main>\n");
    page(&title, &body)
}

fn part_section(body: &mut String, part: &PartMark, known: Option<&Part>, hidden: &Hidden) {
    let command = &part.part;
    let _ = writeln!(
        body,
        "<section aria-labelledby=\"{command}\"><h2 id=\"{command}\">{command}: {} {}</h2>",
        escaped(&part.title),
        word(part.standing)
    );
    if !part.handed_in {
        body.push_str("<p>No file of this part was handed in.</p></section>\n");
        return;
    }
    body.push_str(
        "<table class=\"summary\"><thead><tr><th scope=\"col\">Problem</th><th scope=\"col\">Verdict</th>\
         <th scope=\"col\" class=\"number\">Scenarios passed</th><th scope=\"col\" class=\"number\">Points</th></tr></thead><tbody>\n",
    );
    for problem in &part.problems {
        let scenarios = match problem.scenarios {
            0 => "–".to_owned(),
            of => format!("{} of {of}", problem.scenarios_passed),
        };
        let optional = if problem.optional { " (optional)" } else { "" };
        let _ = writeln!(
            body,
            "<tr><th scope=\"row\">{}. {}{optional}</th><td>{}</td><td class=\"number\">{scenarios}</td>\
             <td class=\"number\">{} of {}</td></tr>",
            problem.problem,
            escaped(&problem.title),
            word(problem.standing),
            problem.earned,
            problem.of
        );
    }
    body.push_str("</tbody></table>\n");
    match &part.refused {
        Some(Refused::DoesNotCompile { rendered, .. }) => {
            body.push_str("<h3>The code does not compile, so nothing was run</h3>\n");
            for error in rendered.iter().take(20) {
                let _ = writeln!(body, "<pre>{}</pre>", hidden.shown(error));
            }
        }
        Some(Refused::BreaksRules(breaches)) => {
            body.push_str("<h3>What was handed in cannot be graded</h3>\n<ul>\n");
            for breach in breaches {
                let _ = writeln!(body, "<li>{}</li>", hidden.shown(breach));
            }
            body.push_str("</ul>\n");
        }
        None => {}
    }
    for note in &part.notes {
        let _ = writeln!(body, "<p class=\"note\">{}</p>", hidden.shown(note));
    }
    for problem in &part.problems {
        problem_section(body, part, problem, known, hidden);
    }
    body.push_str("</section>\n");
}

fn problem_section(
    body: &mut String,
    part: &PartMark,
    problem: &ProblemMark,
    known: Option<&Part>,
    hidden: &Hidden,
) {
    if problem.standing == Standing::Passed || problem.outcomes.is_empty() {
        return;
    }
    let _ = writeln!(
        body,
        "<h3>Problem {}: {}</h3>",
        problem.problem,
        escaped(&problem.title)
    );
    if problem.unsteady {
        body.push_str(
            "<p class=\"note\">A scenario of this problem failed once and passed when the checker repeated it. You get its points.</p>\n",
        );
    }
    let section = known.and_then(|known| {
        let anchor = known.problem(problem.problem)?.anchor;
        Some(known.section(anchor))
    });
    // Scenarios that are not written all say the same.
    let told = if problem.standing == Standing::NotWritten {
        1
    } else {
        TOLD
    };
    let (told, rest): (Vec<_>, Vec<_>) = problem
        .not_passed()
        .enumerate()
        .partition(|(place, _)| *place < told);
    for (_, outcome) in told {
        outcome_card(body, outcome, section.as_deref(), hidden);
    }
    if !rest.is_empty() {
        body.push_str("<p>These scenarios did not pass either:</p><ul>\n");
        for (_, outcome) in rest {
            let _ = writeln!(
                body,
                "<li>{}: {}</li>",
                hidden.shown(&outcome.title),
                outcome.word()
            );
        }
        body.push_str("</ul>\n");
    }
    let _ = writeln!(
        body,
        "<p class=\"caption\">To see this at home, run <kbd>cargo checker {} --problem {}</kbd>. The cast and the numbers \
         differ from run to run, but the claims are the same.</p>",
        part.part, problem.problem
    );
}

fn outcome_card(body: &mut String, outcome: &Outcome, section: Option<&str>, hidden: &Hidden) {
    let _ = writeln!(
        body,
        "<article class=\"card failure\"><h4>{} {}</h4>",
        word(outcome.verdict.standing()),
        hidden.shown(&outcome.title)
    );
    match &outcome.verdict {
        Verdict::Failed(failure) => failure_facts(body, failure, section, hidden),
        Verdict::NotWritten { gap } => {
            let _ = writeln!(
                body,
                "<p>Your submission has no code at {}, so this problem has no points.</p>",
                hidden.shown(gap)
            );
        }
        Verdict::Inconclusive { why } | Verdict::CheckerFault { why } => {
            let _ = writeln!(body, "<p>{}</p>", hidden.shown(why));
        }
        Verdict::Passed { .. } => {}
    }
    body.push_str("</article>\n");
}

fn failure_facts(body: &mut String, failure: &Failure, section: Option<&str>, hidden: &Hidden) {
    body.push_str("<dl>\n");
    let mut fact = |name: &str, text: &str| {
        if !text.is_empty() {
            let _ = writeln!(body, "<dt>{name}</dt><dd>{}</dd>", hidden.shown(text));
        }
    };
    fact("Step", &failure.step);
    fact("Expected", &failure.expected);
    fact("What happened", &failure.seen);
    fact("Why it matters", &failure.why);
    for evidence in &failure.evidence {
        fact("Evidence", evidence);
    }
    if let Some(diagnosis) = &failure.diagnosis {
        fact("Likely cause", &diagnosis.suggests);
        fact("Because", &diagnosis.because);
    }
    if let Some(place) = &failure.place {
        fact(
            "Where to look",
            &at_line(&place.file.to_string_lossy(), place.line),
        );
    }
    if let Some(section) = failure.section(section) {
        fact("Read", section);
    }
    if let Some(found) = &failure.counterexample {
        for (number, step) in found.steps.iter().enumerate() {
            fact(&format!("Step {}", number + 1), step);
        }
    }
    body.push_str("</dl>\n");
    if !failure.sketch.is_empty() {
        let _ = writeln!(
            body,
            "<pre class=\"drawing\" role=\"img\" aria-label=\"{}\">{}</pre>",
            attribute("The messages, drawn. Time runs from top to bottom."),
            hidden.shown(&failure.sketch.join("\n"))
        );
    }
    if let Some(said) = &failure.stderr {
        let _ = writeln!(
            body,
            "<details><summary>The last lines that {} wrote to stderr</summary><pre>{}</pre></details>",
            hidden.shown(&said.node),
            hidden.shown(&said.lines.join("\n"))
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mark::tests::{PART, all, attempt, failed, inconclusive, mark, passed};
    use crate::policy::Policy;

    fn rendered(attempts: &[crate::ledger::Attempt], hidden: &[&str]) -> String {
        let mark = Mark::new("Ada <b>", "ada", vec![mark(attempts, &Policy::default())]);
        let hidden = Hidden::new(hidden.iter().map(|text| (*text).to_owned()));
        render(&mark, &[&PART], &hidden)
    }

    #[test]
    fn failed_problem_says_what_was_expected_and_what_happened() {
        let page = rendered(&[all("ada", failed)], &[]);
        for said in [
            "n2 shows 1",
            "n2 shows 0",
            "Each ping counts.",
            "src/consumer.rs:12",
            "training/part1.md#problem-1-broadcast",
        ] {
            assert!(page.contains(said), "{said}");
        }
        assert!(page.contains("Feedback for Ada &lt;b&gt;") && !page.contains("Ada <b>"));
    }

    #[test]
    fn page_names_neither_paths_of_the_grader_nor_seeds() {
        let mut wrong = all("ada", failed);
        let seed = 123_456_789_012;
        wrong.report.seed = seed;
        wrong
            .report
            .notes
            .push(format!("seed {seed}, see /home/teacher/out/x.log."));
        if let Verdict::Failed(failure) = &mut wrong.report.problems[0].outcomes[0].verdict {
            failure
                .evidence
                .push("panicked at /home/teacher/out/ada/src/consumer.rs:3".to_owned());
        }
        let page = rendered(&[wrong], &["/home/teacher/out", &seed.to_string()]);
        assert!(!page.contains("/home/teacher") && !page.contains(&seed.to_string()));
        assert!(page.contains("panicked at ada/src/consumer.rs:3"));
    }

    #[test]
    fn compile_errors_are_told_without_colors_of_a_terminal() {
        let mut refused = attempt("ada", 1, &[]);
        refused.report.refuse(Refused::DoesNotCompile {
            rendered: vec!["\u{1b}[1m\u{1b}[31merror[E0425]\u{1b}[0m: cannot find `x`".to_owned()],
            places: vec![],
        });
        let page = rendered(&[refused], &[]);
        assert!(page.contains("<pre>error[E0425]: cannot find `x`</pre>"));
    }

    #[test]
    fn mark_that_is_not_final_says_so_and_blames_nobody() {
        let page = rendered(&[all("ada", inconclusive)], &[]);
        assert!(
            page.contains("This mark is not final") && page.contains("not your program's fault")
        );
        assert!(!rendered(&[all("ada", passed)], &[]).contains("not final"));
    }

    #[test]
    fn page_loads_nothing() {
        let page = rendered(&[all("ada", failed)], &[]);
        for outside in ["http://", "https://", "<script", "src=", "url("] {
            assert!(!page.contains(outside), "{outside}");
        }
    }
}
