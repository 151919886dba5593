//! The marks as a table and as JSON lines.

use crate::mark::{Mark, PartMark};
use testkit::part::Part;
use testkit::trouble::{Result, While};
use testkit::verdict::Standing;

/// `grades.csv`: a line for each student. A mark that is not final has no points: an empty cell is noticed,
/// a zero is not.
pub fn csv(marks: &[Mark], parts: &[&Part]) -> String {
    let mut heads: Vec<String> = ["student", "standing", "final", "points", "of"]
        .map(str::to_owned)
        .into();
    for part in parts {
        let of_part = ["standing", "points", "of", "optional_points", "optional_of"];
        heads.extend(of_part.map(|head| format!("{}_{head}", part.name)));
        let problems = part.problems.iter();
        heads.extend(problems.map(|problem| format!("{}_problem{}", part.name, problem.number)));
        heads.push(format!("{}_attempts", part.name));
    }
    heads.extend(["unsteady", "feedback"].map(str::to_owned));
    let mut text = line(&heads);
    for mark in marks {
        let mut cells = vec![
            unspoken(&mark.student),
            mark.standing.word().to_owned(),
            yes(mark.is_final),
            if_final(mark.is_final, mark.points.earned.to_string()),
            mark.points.of.to_string(),
        ];
        for part in &mark.parts {
            cells.extend(part_cells(part));
        }
        cells.extend([yes(mark.is_unsteady()), mark.feedback.clone()]);
        text.push_str(&line(&cells));
    }
    text
}

fn part_cells(part: &PartMark) -> Vec<String> {
    let word = match part.handed_in {
        true => part.standing.word(),
        false => "not handed in",
    };
    let points = part.points;
    let mut cells = vec![
        word.to_owned(),
        if_final(part.is_final, points.earned.to_string()),
        points.of.to_string(),
        if_final(part.is_final, points.optional_earned.to_string()),
        points.optional_of.to_string(),
    ];
    cells.extend(part.problems.iter().map(|problem| {
        let is_decided = !matches!(
            problem.standing,
            Standing::Inconclusive | Standing::CheckerFault
        );
        if_final(is_decided, problem.earned.to_string())
    }));
    cells.push(part.attempts.to_string());
    cells
}

fn if_final(is_final: bool, points: String) -> String {
    if is_final { points } else { String::new() }
}

fn yes(yes: bool) -> String {
    if yes { "yes" } else { "no" }.to_owned()
}

/// A name that no spreadsheet takes for a formula.
fn unspoken(name: &str) -> String {
    match name.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        true => format!("'{name}"),
        false => name.to_owned(),
    }
}

/// A line of CSV, as RFC 4180 has it.
fn line(cells: &[String]) -> String {
    let quoted = cells
        .iter()
        .map(|cell| match cell.contains([',', '"', '\n', '\r']) {
            true => format!("\"{}\"", cell.replace('"', "\"\"")),
            false => cell.clone(),
        });
    quoted.collect::<Vec<_>>().join(",") + "\r\n"
}

/// `results.jsonl`: all that is known of each student, a line each.
///
/// # Errors
/// When it cannot be written as JSON.
pub fn json_lines(marks: &[Mark]) -> Result<String> {
    let mut text = String::new();
    for mark in marks {
        text += &serde_json::to_string(mark).or_trouble(|| "write a mark as JSON")?;
        text.push('\n');
    }
    Ok(text)
}

/// Reads the marks of another machine back.
///
/// # Errors
/// When a line cannot be understood.
pub fn read_json_lines(text: &str) -> std::result::Result<Vec<Mark>, String> {
    let lines = text.lines().enumerate();
    let marks = lines.map(|(number, line)| {
        serde_json::from_str(line).map_err(|error| format!("line {}: {error}", number + 1))
    });
    marks.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mark::tests::{PART, all, failed, inconclusive, mark, passed};
    use crate::policy::Policy;

    fn marks() -> Vec<Mark> {
        let of = |student: &str, came_out| {
            let part = mark(&[all(student, came_out)], &Policy::default());
            Mark::new(student, "file", vec![part])
        };
        vec![
            of("ada", passed),
            of("=1+1, \"Bob\"", failed),
            of("carol", inconclusive),
        ]
    }

    #[test]
    fn table_has_a_line_for_each_student_and_no_points_where_nothing_is_final() {
        let csv = csv(&marks(), &[&PART]);
        let lines: Vec<&str> = csv.lines().collect();
        let heads = "student,standing,final,points,of,part1_standing,part1_points,part1_of,\
                     part1_optional_points,part1_optional_of,part1_problem1,part1_problem2,part1_problem3,\
                     part1_problem4,part1_problem5,part1_problem6,part1_attempts,unsteady,feedback";
        assert_eq!(lines[0], heads);
        assert!(
            lines[1].starts_with("ada,passed,yes,40,40,passed,40,40,10,10,10,10,10,10,5,5,1,no,")
        );
        assert!(
            lines[2].starts_with("\"'=1+1, \"\"Bob\"\"\",failed,yes,0,40,"),
            "{}",
            lines[2]
        );
        assert!(
            lines[3].starts_with("carol,inconclusive,no,,40,inconclusive,,40,,10,,,,,,,1,no,"),
            "{}",
            lines[3]
        );
    }

    #[test]
    fn json_has_a_line_for_each_student_that_can_be_read_back() {
        let text = json_lines(&marks()).unwrap();
        let lines: Vec<serde_json::Value> = text
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert_eq!(lines.len(), 3);
        assert_eq!(lines[0]["schema"], 1);
        assert_eq!(lines[0]["earned"], 40.0);
        assert_eq!(lines[0]["final"], true);
        assert_eq!(
            lines[1]["parts"][0]["problems"][0]["outcomes"][0]["verdict"],
            "failed"
        );
        assert_eq!(lines[2]["final"], false);
        let back = read_json_lines(&text).unwrap();
        assert_eq!(json_lines(&back).unwrap(), text);
        assert!(read_json_lines("{}").unwrap_err().starts_with("line 1: "));
    }
}
