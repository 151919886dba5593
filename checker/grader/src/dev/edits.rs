//! Edits of a source file, found by their text: the lines that go, and the lines that come.
//!
//! ```text
//! // ── replace
//! if number > *count {
//!     *count = number;
//! }
//! // ── with
//! *count += 1;
//! // ── end
//!
//! // ── after
//! TotalPings(Reply<u64>),
//! // ── add
//! Forget(NodeName),
//! // ── end
//!
//! // ── add
//! use runtime::Info;
//! // ── end
//! ```
//!
//! The last of these adds to the end of the file, where imports and items can stand as well as
//! anywhere else.
//!
//! Edits see code alone: comments, doc comments and blank lines of the source are left out before
//! anything is looked for, so no edit repeats them, and a new comment in the source breaks none. What
//! is edited therefore has no comments, but for those that an edit brings along.
//!
//! The lines behind `replace` or `after` must occur exactly once. They are indented like code, at any
//! depth: only among each other must they be as far apart as in the source. Between two of them, a
//! line `// …` stands for all lines up to the first that is like the next one, so a function goes by its
//! first line and its closing brace.

use std::ops::Range;

const MARK: &str = "// ── ";
const REPLACE: &str = "// ── replace";
const WITH: &str = "// ── with";
const AFTER: &str = "// ── after";
const ADD: &str = "// ── add";
const END: &str = "// ── end";
const ELISION: &str = "// …";

/// One place of a file that is edited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Edit {
    /// The lines that mark the place; none, if it is the end of the file.
    block: Vec<Line>,
    /// Whether these lines stay.
    keeps: bool,
    /// What comes, behind them or in their place.
    lines: Vec<Line>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Line {
    indent: usize,
    /// Without the indentation.
    text: String,
}

impl Edit {
    /// Reads the edits of one file.
    ///
    /// # Errors
    /// A fragment that says what is wrong with them.
    pub(super) fn parse(text: &str) -> Result<Vec<Edit>, String> {
        let mut edits = Vec::new();
        let mut rest = text.lines();
        while let Some(line) = rest.next() {
            let (mut block, keeps) = match line {
                REPLACE => (section(&mut rest, WITH)?, false),
                AFTER => (section(&mut rest, ADD)?, true),
                ADD => (Vec::new(), true),
                _ if line.trim().is_empty() => continue,
                _ => return Err(format!("{line:?} belongs to no edit")),
            };
            block.retain(|line| line.is_code() || line.is_elision());
            if line != ADD && block.is_empty() {
                return Err(format!("there is no code behind {line:?}"));
            }
            let ends = [block.first(), block.last()];
            if ends.into_iter().flatten().any(Line::is_elision) {
                return Err(format!("{ELISION:?} stands between two lines of code"));
            }
            let lines = section(&mut rest, END)?;
            if keeps && !lines.iter().any(Line::is_code) {
                return Err(format!("there is no code behind {ADD:?}"));
            }
            edits.push(Edit {
                block,
                keeps,
                lines,
            });
        }
        Ok(edits)
    }
}

/// The source with its edits made, and without comments.
///
/// # Errors
/// A fragment, when the place of an edit is not there, is not the only one, or is in another's.
pub(super) fn apply(source: &str, edits: &[Edit]) -> Result<String, String> {
    let code = code(source);
    let mut changes = Vec::new();
    for edit in edits {
        let mut place = place(edit, &code)?;
        let depth = match edit.block.first() {
            Some(first) => code[place.start].indent.saturating_sub(first.indent),
            None => 0,
        };
        if edit.keeps {
            place.start = place.end;
        }
        changes.push((place, depth, &edit.lines));
    }
    changes.sort_by_key(|(place, ..)| (place.start, place.end));
    let mut edited = String::new();
    let mut done = 0;
    for (place, depth, lines) in changes {
        if place.start < done {
            let line = &code[place.start].text;
            return Err(format!("two edits change the line {line:?}"));
        }
        put(&code[done..place.start], 0, &mut edited);
        put(lines, depth, &mut edited);
        done = place.end;
    }
    put(&code[done..], 0, &mut edited);
    Ok(edited)
}

/// Writes lines, indented by so much more.
fn put(lines: &[Line], depth: usize, into: &mut String) {
    for Line { indent, text } in lines {
        if !text.is_empty() {
            into.push_str(&" ".repeat(indent + depth));
            into.push_str(text);
        }
        into.push('\n');
    }
}

/// The lines of a section up to the mark that ends it.
fn section<'a>(lines: &mut impl Iterator<Item = &'a str>, end: &str) -> Result<Vec<Line>, String> {
    let mut found = Vec::new();
    for line in lines {
        if line == end {
            return Ok(found);
        }
        if line.starts_with(MARK) {
            return Err(format!("{line:?} stands where {end:?} is missing"));
        }
        found.push(Line::new(line));
    }
    Err(format!("{end:?} is missing at the end"))
}

/// The lines of a source that are neither blank nor a comment.
fn code(source: &str) -> Vec<Line> {
    let lines = source.lines().map(Line::new);
    lines.filter(Line::is_code).collect()
}

/// The lines that an edit is about.
fn place(edit: &Edit, code: &[Line]) -> Result<Range<usize>, String> {
    if edit.block.is_empty() {
        return Ok(code.len()..code.len());
    }
    let tried: Vec<_> = (0..code.len())
        .map(|start| end_of(&edit.block, code, start).map(|end| start..end))
        .collect();
    let mut found = tried.iter().flatten();
    match (found.next(), found.count()) {
        (Some(place), 0) => Ok(place.clone()),
        (Some(_), others) => {
            let first = &edit.block[0].text;
            Err(format!(
                "its lines from {first:?} on occur {} times",
                others + 1
            ))
        }
        (None, _) => {
            let matching = tried.into_iter().filter_map(Result::err).max();
            let missing = &edit.block[matching.unwrap_or(0)].text;
            Err(format!("there is no line {missing:?} where it should be"))
        }
    }
}

/// Where a block that begins at a line of code ends; or which of its lines is the first that is not
/// there.
fn end_of(block: &[Line], code: &[Line], start: usize) -> Result<usize, usize> {
    let is_like = |wanted: &Line, line: &Line| {
        line.text == wanted.text
            && line.indent + block[0].indent == wanted.indent + code[start].indent
    };
    let mut end = start;
    let mut is_elided = false;
    for (number, wanted) in block.iter().enumerate() {
        if wanted.is_elision() {
            is_elided = true;
            continue;
        }
        let mut rest = code[end..].iter();
        end += 1 + match is_elided {
            true => rest.position(|line| is_like(wanted, line)),
            false => rest.next().filter(|line| is_like(wanted, line)).map(|_| 0),
        }
        .ok_or(number)?;
        is_elided = false;
    }
    Ok(end)
}

impl Line {
    fn new(line: &str) -> Line {
        let text = line.trim();
        Line {
            indent: line.len() - line.trim_start().len(),
            text: text.to_owned(),
        }
    }

    fn is_code(&self) -> bool {
        !self.text.is_empty() && !self.text.starts_with("//")
    }

    fn is_elision(&self) -> bool {
        self.text == ELISION
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::course::Course;
    use crate::sources::Sources;
    use crate::tokens::tokens;
    use parts::PARTS;

    const SOURCE: &str = "\
/// Counts.
fn count() {
    // ── gap 1: count
    // The number, not one more.
    if is_new {
        keep();
    }
    done();
    // ── end 1
}

/// Asks.
fn ask() {
    if is_new {
        ask_all();
    }
    done();
}
";

    fn edited(edits: &str) -> Result<String, String> {
        Edit::parse(edits).and_then(|edits| apply(SOURCE, &edits))
    }

    #[track_caller]
    fn check(edits: &str, expected: &str) {
        assert_eq!(edited(edits).as_deref(), Ok(expected));
    }

    #[track_caller]
    fn check_refused(edits: &str, why: &str) {
        let refused = edited(edits).unwrap_err();
        assert!(refused.contains(why), "{refused}");
    }

    #[test]
    fn lines_are_replaced_at_any_depth_and_comments_are_left_out() {
        check(
            "// ── replace\nif is_new {\n    keep();\n}\n// ── with\n// Always.\nkeep();\n// ── end\n",
            "fn count() {\n    // Always.\n    keep();\n    done();\n}\n\
             fn ask() {\n    if is_new {\n        ask_all();\n    }\n    done();\n}\n",
        );
    }

    #[test]
    fn lines_are_added_behind_others_and_at_the_end() {
        check(
            "// ── add\nuse a;\n// ── end\n\n// ── after\nfn ask() {\n// ── add\n    begin();\n// ── end\n",
            "fn count() {\n    if is_new {\n        keep();\n    }\n    done();\n}\n\
             fn ask() {\n    begin();\n    if is_new {\n        ask_all();\n    }\n    done();\n}\nuse a;\n",
        );
    }

    #[test]
    fn elision_ends_at_the_first_line_of_the_right_depth() {
        check(
            "// ── replace\nfn count() {\n    // …\n}\n// ── with\n// ── end\n",
            "fn ask() {\n    if is_new {\n        ask_all();\n    }\n    done();\n}\n",
        );
    }

    #[test]
    fn place_that_is_not_there_once_is_refused() {
        let replace = |lines: &str| format!("// ── replace\n{lines}\n// ── with\n// ── end\n");
        check_refused(&replace("ask_none();"), "no line \"ask_none();\"");
        check_refused(&replace("if is_new {\n    keep_all();"), "\"keep_all();\"");
        check_refused(&replace("if is_new {\nkeep();"), "\"keep();\"");
        check_refused(&replace("keep();\n// …\nask_none();"), "\"ask_none();\"");
        check_refused(&replace("if is_new {"), "occur 2 times");
        let both = replace("    keep();\n}") + &replace("if is_new {\n    keep();");
        check_refused(&both, "two edits change the line \"keep();\"");
    }

    #[test]
    fn text_that_is_no_edit_is_refused() {
        check_refused("keep();", "belongs to no edit");
        check_refused(
            "// ── replace\nkeep();\n// ── end",
            "\"// ── with\" is missing",
        );
        check_refused(
            "// ── after\nkeep();",
            "\"// ── add\" is missing at the end",
        );
        check_refused("// ── replace\n// keep\n// ── with\n// ── end", "no code");
        check_refused("// ── after\nkeep();\n// ── add\n// ── end", "no code");
        check_refused("// ── add\n// ── end", "no code");
        let begins = "// ── replace\n// …\nkeep();\n// ── with\n// ── end";
        check_refused(begins, "between two lines of code");
    }

    /// A text of several lines could hold one that looks like a comment.
    #[test]
    fn code_of_the_course_is_its_lines_without_comments() {
        let course = Course::find(env!("CARGO_MANIFEST_DIR").as_ref()).unwrap();
        for part in PARTS.iter() {
            for (file, text) in Sources::read(&course.solution(part)).unwrap().files {
                let mut wanted = tokens(&text);
                wanted.retain(|token| !token.starts_with("//"));
                assert_eq!(tokens(&apply(&text, &[]).unwrap()), wanted, "{file}");
            }
        }
    }
}
