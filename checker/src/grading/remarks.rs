//! What is told of the code besides verdicts, from its sources alone.

use runtime::terminal::visible;

use grader::course::Course;
use grader::gaps;
use grader::part_report::{CodePlace, PartReport, Refused, Unwritten};
use grader::runner::HELD_UNWRITTEN;
use grader::sources::Sources;
use grader::stubs::Stub;
use grader::unawaited;
use grader::unsimulated;
use testkit::part::Part;
use testkit::plain_file::{self, MAX_TEXT};
use testkit::verdict::{Outcome, at_line};

/// What to tell about files whose gaps cannot be told apart, a sentence each: what `reset` and `diff` do
/// goes by the markers, and so does "not written".
pub(super) fn broken_markers(part: &Part, sources: &Sources) -> Vec<String> {
    let broken = part.editable.iter().filter_map(|file| {
        let text = sources.files.get(file.strip_prefix("src/").unwrap_or(file))?;
        let why = gaps::pieces(text).err()?;
        Some(format!(
            "The gap markers of {file} are broken: {why}. Put them back as `checker/stubs/{}/{file}` has them.",
            part.folder
        ))
    });
    broken.collect()
}

/// Where there is code to write, problem by problem.
pub(super) fn unwritten_places(
    part: &Part,
    report: &PartReport,
    sources: &Sources,
) -> Vec<Unwritten> {
    let text = |file: &str| sources.files.get(file.strip_prefix("src/").unwrap_or(file));
    let mut unwritten = Vec::new();
    for problem in part.problems {
        for &gap in problem.gaps {
            let places = gaps::open_places(part.editable, gap, |file| text(file).cloned());
            unwritten.extend(places.map(|(file, line)| Unwritten {
                problem: problem.number,
                gap,
                file: report.in_course(Some(part), file),
                line,
            }));
        }
    }
    unwritten
}

/// What to tell about messages that are never sent, as nothing awaits the futures that would send them.
pub(super) fn thrown_away(part: &Part, report: &PartReport, sources: &Sources) -> Vec<String> {
    let futures = sources.files.iter().flat_map(|(file, text)| {
        let futures = unawaited::thrown_away(text).into_iter();
        futures.map(move |(line, sender)| (file, line, sender))
    });
    let told = futures.map(|(file, line, sender)| {
        let place = report.in_course(Some(part), &format!("src/{file}"));
        format!(
            "perhaps a message is never sent: in {} `let _ =` discards what `{sender}` returns, and that sends \
             nothing before `.await`.",
            visible(&at_line(&place, Some(line)))
        )
    });
    told.collect()
}

/// Why the code cannot be simulated, if it cannot; a sentence.
pub(super) fn unsimulated(part: &Part, report: &PartReport, sources: &Sources) -> Option<String> {
    let mut files = sources.files.iter();
    let (file, found) = files.find_map(|(file, text)| Some((file, unsimulated::found(text)?)))?;
    let place = report.in_course(Some(part), &format!("src/{file}"));
    let place = at_line(&place, Some(found.line));
    Some(format!(
        "`{}` in {place} cannot be simulated: {}.",
        found.what, found.why
    ))
}

/// What to tell about code that stands outside of the gaps: that nothing is done to it.
pub(super) fn own_code(course: &Course, part: &Part, sources: &Sources) -> Option<String> {
    let files = Stub::read(course, part)
        .ok()?
        .with_own_code(part.editable, sources);
    let names: Vec<String> = files
        .iter()
        .map(|file| visible(&file.to_string_lossy()))
        .collect();
    let have = match names.as_slice() {
        [] => return None,
        [_] => "has",
        _ => "have",
    };
    Some(format!(
        "{} {have} added code outside of the gaps. That is allowed: it is kept, and graded with the rest.",
        names.join(", ")
    ))
}

/// Notes what a learner may not see who has put back a gap: the error is in a line outside of it,
/// which is the learner's own and has stayed.
pub(super) fn note_foreign_lines(course: &Course, part: &Part, report: &mut PartReport) {
    let (Some(Refused::DoesNotCompile { places, .. }), Ok(stub)) =
        (&report.refused, Stub::read(course, part))
    else {
        return;
    };
    for CodePlace {
        file,
        line,
        editable,
    } in places
    {
        let yours = plain_file::read_text(&course.exercise(part).join(file), MAX_TEXT);
        let (Some(line), true, Ok(yours)) = (line, editable, yours) else {
            continue;
        };
        if stub.is_foreign(file, &yours, *line) {
            let file = file.display();
            report.notes.push(format!(
                "line {line} of {file} is outside of the gaps, and not as the course gave it; so `reset --problem` leaves it as it is. Compare checker/stubs/{}/{file}.",
                part.folder
            ));
        }
    }
}

/// A learner may have written the code in another place than the gap, and must be told.
pub(super) fn passed_unwritten<'a>(
    part: &Part,
    outcomes: impl Iterator<Item = &'a Outcome> + Clone,
) -> Vec<String> {
    let passed = |number: u8| {
        let of_problem = outcomes
            .clone()
            .filter(move |outcome| outcome.problem == number);
        let held = |outcome: &Outcome| outcome.observations == [HELD_UNWRITTEN];
        of_problem.clone().next().is_some() && of_problem.clone().all(held)
    };
    let problems = part.problems.iter().map(|problem| problem.number);
    problems
        .filter(|&number| passed(number))
        .map(|number| {
            format!(
                "problem {number} held in every scenario, but a gap that it needs contains no code of yours. It counts once \
                 your code is between the gap's markers."
            )
        })
        .collect()
}
