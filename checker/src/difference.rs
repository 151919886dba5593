//! Two texts beside one another: what is the same, what differs, and in which words.

use colored::{ColoredString, Colorize};
use similar::{ChangeTag, DiffOp, TextDiff};

/// From this width on, two texts stand side by side; below, one under the other.
pub const WIDE: usize = 100;

/// A line of a comparison.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Row {
    /// In both texts.
    Same(Line),
    /// In one of them, or in both but changed.
    Changed(Option<Line>, Option<Line>),
}

/// A line in parts; those that are marked differ.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Line(Vec<(bool, String)>);

/// Renders a comparison in lines of a width: side by side where that is wide enough.
pub fn render(yours: &str, theirs: &str, width: usize) -> Vec<String> {
    let (yours, theirs) = (visible(yours), visible(theirs));
    let indent = common_indent(&[&yours, &theirs]);
    let (yours, theirs) = (outdented(&yours, indent), outdented(&theirs, indent));
    let rows = rows(&yours, &theirs);
    if width >= WIDE {
        side_by_side(&rows, width)
    } else {
        one_below_the_other(&rows, width)
    }
}

fn rows(yours: &str, theirs: &str) -> Vec<Row> {
    let diff = TextDiff::from_lines(yours, theirs);
    let mut rows = Vec::new();
    for op in diff.ops() {
        let (mut old, mut new) = (Vec::new(), Vec::new());
        for change in diff.iter_inline_changes(op) {
            let parts = change
                .iter_strings_lossy()
                .map(|(marked, text)| (marked, text.trim_end_matches(['\n', '\r']).to_owned()))
                .filter(|(_, text)| !text.is_empty());
            let line = Line(parts.collect());
            match change.tag() {
                ChangeTag::Equal => rows.push(Row::Same(line)),
                ChangeTag::Delete => old.push(line),
                ChangeTag::Insert => new.push(line),
            }
        }
        if !matches!(op, DiffOp::Equal { .. }) {
            let pairs = old.len().max(new.len());
            let (mut old, mut new) = (old.into_iter(), new.into_iter());
            rows.extend((0..pairs).map(|_| Row::Changed(old.next(), new.next())));
        }
    }
    rows
}

fn one_below_the_other(rows: &[Row], width: usize) -> Vec<String> {
    let mut shown = Vec::new();
    let mut rest = rows;
    while let Some(row) = rest.first() {
        if let Row::Same(line) = row {
            put(&mut shown, ' ', line, width);
            rest = &rest[1..];
            continue;
        }
        // All of the one before all of the other: so each can be read as a whole.
        let length = rest
            .iter()
            .take_while(|row| matches!(row, Row::Changed(..)))
            .count();
        let (block, behind) = rest.split_at(length);
        for row in block {
            if let Row::Changed(Some(line), _) = row {
                put(&mut shown, '-', line, width);
            }
        }
        for row in block {
            if let Row::Changed(_, Some(line)) = row {
                put(&mut shown, '+', line, width);
            }
        }
        rest = behind;
    }
    shown
}

fn put(shown: &mut Vec<String>, sign: char, line: &Line, width: usize) {
    for (number, text) in cut(line, width - 2).iter().enumerate() {
        let sign = if number == 0 { sign } else { '…' };
        let sign = sign.to_string();
        let (sign, line) = match sign.as_str() {
            " " => (sign.normal(), paint(text, Side::Both)),
            "-" => (sign.red(), paint(text, Side::Yours)),
            "+" => (sign.green(), paint(text, Side::Theirs)),
            _ => (sign.dimmed(), paint(text, Side::Both)),
        };
        shown.push(format!("{sign} {line}").trim_end().to_owned());
    }
}

fn side_by_side(rows: &[Row], width: usize) -> Vec<String> {
    let column = (width - 3) / 2;
    let mut shown = Vec::new();
    for row in rows {
        let (left, right, sides, sign) = match row {
            Row::Same(line) => (Some(line), Some(line), (Side::Both, Side::Both), "│"),
            Row::Changed(left, right) => (
                left.as_ref(),
                right.as_ref(),
                (Side::Yours, Side::Theirs),
                "┃",
            ),
        };
        let lines = |line: Option<&Line>| line.map_or_else(Vec::new, |line| cut(line, column));
        let (left, right) = (lines(left), lines(right));
        let empty = Line::default();
        for number in 0..left.len().max(right.len()) {
            let left = left.get(number).unwrap_or(&empty);
            let right = right.get(number).unwrap_or(&empty);
            let room = " ".repeat(column - left.length());
            let (one, other) = (paint(left, sides.0), paint(right, sides.1));
            let line = format!("{one}{room} {} {other}", sign.dimmed());
            shown.push(line.trim_end().to_owned());
        }
    }
    shown
}

#[derive(Clone, Copy)]
enum Side {
    Both,
    Yours,
    Theirs,
}

fn paint(line: &Line, side: Side) -> String {
    let parts = line.0.iter().map(|(marked, text)| {
        let painted: ColoredString = match side {
            Side::Both => text.normal(),
            Side::Yours => text.red(),
            Side::Theirs => text.green(),
        };
        let painted = if *marked {
            painted.bold().underline()
        } else {
            painted
        };
        painted.to_string()
    });
    parts.collect()
}

impl Line {
    fn length(&self) -> usize {
        self.0.iter().map(|(_, text)| text.chars().count()).sum()
    }
}

/// A line in pieces that fit, broken at a blank where there is one in the second half.
fn cut(line: &Line, width: usize) -> Vec<Line> {
    let letters: Vec<(bool, char)> = line
        .0
        .iter()
        .flat_map(|(marked, text)| text.chars().map(move |letter| (*marked, letter)))
        .collect();
    let mut pieces = Vec::new();
    let mut rest = &letters[..];
    while rest.len() > width {
        let blank = rest[..width].iter().rposition(|(_, letter)| *letter == ' ');
        let end = blank
            .filter(|at| *at > width / 2)
            .map_or(width, |at| at + 1);
        pieces.push(line_of(&rest[..end]));
        rest = &rest[end..];
    }
    pieces.push(line_of(rest));
    pieces
}

fn line_of(letters: &[(bool, char)]) -> Line {
    let parts = letters.chunk_by(|(one, _), (other, _)| one == other);
    Line(
        parts
            .map(|part| (part[0].0, part.iter().map(|(_, letter)| letter).collect()))
            .collect(),
    )
}

/// Without what would move the cursor; tabs are four blanks.
fn visible(text: &str) -> String {
    runtime::terminal::visible(&text.replace('\r', "").replace('\t', "    "))
}

fn common_indent(texts: &[&str]) -> usize {
    texts
        .iter()
        .flat_map(|text| text.lines())
        .filter(|line| !line.trim().is_empty())
        .map(|line| line.len() - line.trim_start_matches(' ').len())
        .min()
        .unwrap_or(0)
}

fn outdented(text: &str, indent: usize) -> String {
    let mut out = String::new();
    for line in text.lines() {
        out.push_str(line.get(indent..).unwrap_or_default().trim_end());
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const YOURS: &str = "    let a = first(b);\n    same();\n    mine();\n";
    const THEIRS: &str = "    let a = second(b);\n    same();\n";

    #[test]
    fn narrow_texts_stand_one_below_the_other() {
        colored::control::set_override(false);
        insta::assert_snapshot!(render(YOURS, THEIRS, 60).join("\n"), @r"
        - let a = first(b);
        + let a = second(b);
          same();
        - mine();
        ");
    }

    #[test]
    fn wide_texts_stand_side_by_side() {
        colored::control::set_override(false);
        let shown = render(YOURS, THEIRS, 100);
        assert!(shown.iter().all(|line| line.chars().count() <= 100));
        insta::assert_snapshot!(shown.join("\n"), @"
        let a = first(b);                                ┃ let a = second(b);
        same();                                          │ same();
        mine();                                          ┃
        ");
    }

    #[test]
    fn words_that_differ_are_marked() {
        let rows = rows("let a = first(b);\n", "let a = second(b);\n");
        let [Row::Changed(Some(yours), Some(_))] = &rows[..] else {
            panic!("{rows:?}");
        };
        let marked: String = yours
            .0
            .iter()
            .filter(|(marked, _)| *marked)
            .map(|(_, text)| text.as_str())
            .collect();
        assert!(
            marked.contains("first") && !marked.contains("let"),
            "{marked}"
        );
    }

    #[test]
    fn long_lines_are_cut_not_lost() {
        colored::control::set_override(false);
        let long = "x".repeat(250);
        for width in [60, 99, 100, 200] {
            let shown = render(&long, "y", width);
            assert!(shown.iter().all(|line| line.chars().count() <= width));
            let kept: usize = shown.iter().map(|line| line.matches('x').count()).sum();
            assert_eq!(kept, 250);
        }
    }
}
