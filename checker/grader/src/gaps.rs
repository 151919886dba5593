//! The gaps of a source file: what stands between its markers.
//!
//! In stub and solution alike a gap is marked by two comments on lines of their own,
//! `// ── gap 2: ask everyone` and `// ── end 2`. Its number is that of its problem. Number and title
//! together name a gap within its file. What learners add, they may add outside of the gaps as well.

use std::collections::{BTreeMap, BTreeSet};

use crate::tokens::tokens;

const OPEN: &str = "// ── gap ";
const CLOSE: &str = "// ── end ";

/// What names a gap within its file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct GapName {
    /// The number of its problem.
    pub number: u8,
    /// What it is for.
    pub title: String,
}

/// A gap, and what is in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gap {
    /// Which one.
    pub name: GapName,
    /// The line of its first marker, from 1.
    pub line: usize,
    /// How far its markers are indented.
    pub indent: usize,
    /// The text between the markers.
    pub body: String,
}

/// A source file consists of these.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// What is given, from a line on.
    Given(usize, String),
    /// What is to be filled.
    Gap(Gap),
}

/// Takes a source text apart at the markers.
///
/// # Errors
/// A fragment with the line, where markers do not match or a name occurs twice.
pub fn pieces(source: &str) -> Result<Vec<Piece>, String> {
    let mut found: Vec<Piece> = Vec::new();
    let mut open: Option<Gap> = None;
    let mut given = (1, String::new());
    for (line, text) in (1..).zip(source.lines()) {
        let trimmed = text.trim();
        let mark = |prefix| trimmed.strip_prefix(prefix).filter(|_| !marks_room(text));
        match (&mut open, mark(OPEN), mark(CLOSE)) {
            (None, Some(name), _) => {
                let name = gap_name(name)
                    .ok_or_else(|| format!("line {line} names no gap: {trimmed:?}"))?;
                if found
                    .iter()
                    .any(|piece| matches!(piece, Piece::Gap(gap) if gap.name == name))
                {
                    return Err(format!(
                        "line {line} opens a second gap of the same name: {trimmed:?}"
                    ));
                }
                let (from, before) = std::mem::take(&mut given);
                found.push(Piece::Given(from, before));
                open = Some(Gap {
                    name,
                    line,
                    indent: text.len() - text.trim_start().len(),
                    body: String::new(),
                });
            }
            (Some(gap), Some(_), _) => {
                return Err(format!(
                    "line {line} opens a gap inside the gap of line {}",
                    gap.line
                ));
            }
            (Some(gap), _, Some(number)) => {
                if number.parse() != Ok(gap.name.number) {
                    return Err(format!(
                        "line {line} closes gap {number}, but gap {} is open",
                        gap.name.number
                    ));
                }
                found.extend(open.take().map(Piece::Gap));
                given = (line + 1, String::new());
            }
            (None, _, Some(_)) => return Err(format!("line {line} closes a gap that is not open")),
            (Some(gap), None, None) => push_line(&mut gap.body, text),
            (None, None, None) => push_line(&mut given.1, text),
        }
    }
    if let Some(gap) = open {
        return Err(format!("the gap of line {} is never closed", gap.line));
    }
    found.push(Piece::Given(given.0, given.1));
    Ok(found)
}

/// Whether a line is one of the marks of version 0.1 around room for additions, which then were gaps of
/// number 0. Learners' files may still have them; they are comments like others.
pub fn marks_room(line: &str) -> bool {
    let line = line.trim();
    line.starts_with("// ── gap 0: ") || line == "// ── end 0"
}

/// The gaps of a source text, in order.
///
/// # Errors
/// As for [`pieces`].
pub fn gaps(source: &str) -> Result<Vec<Gap>, String> {
    let gaps = pieces(source)?.into_iter().filter_map(|piece| match piece {
        Piece::Gap(gap) => Some(gap),
        Piece::Given(..) => None,
    });
    Ok(gaps.collect())
}

/// The source text with other contents in some of its gaps. The markers stay as they are, and where
/// they are.
///
/// # Errors
/// A fragment, when the markers do not match or the text has no gap of such a name.
pub fn fill(source: &str, contents: &BTreeMap<GapName, String>) -> Result<String, String> {
    let mut filled = String::new();
    let mut used = 0;
    for piece in pieces(source)? {
        match piece {
            Piece::Given(_, text) => filled.push_str(&text),
            Piece::Gap(gap) => {
                let content = contents.get(&gap.name);
                used += usize::from(content.is_some());
                let GapName { number, title } = gap.name;
                let indent = " ".repeat(gap.indent);
                push_line(&mut filled, &format!("{indent}{OPEN}{number}: {title}"));
                filled.push_str(content.unwrap_or(&gap.body));
                if !filled.ends_with('\n') {
                    filled.push('\n');
                }
                push_line(&mut filled, &format!("{indent}{CLOSE}{number}"));
            }
        }
    }
    if used < contents.len() {
        let known = gaps(source)?;
        let unknown = contents
            .keys()
            .find(|name| known.iter().all(|gap| gap.name != **name));
        return Err(match unknown {
            Some(GapName { number, title }) => format!("there is no gap \"{number}: {title}\""),
            None => "a gap occurs twice".to_owned(),
        });
    }
    Ok(filled)
}

/// The numbers of the gaps in which nothing was written yet: there is no code in any gap of that
/// number, or only the `todo!` that the stub has there.
///
/// `sources` are the texts of a part's files. The checker takes one whose markers are broken for written.
pub fn unwritten<'a>(sources: impl IntoIterator<Item = &'a str>) -> BTreeSet<u8> {
    let (mut empty, mut written) = (BTreeSet::new(), BTreeSet::new());
    for gap in sources
        .into_iter()
        .filter_map(|source| gaps(source).ok())
        .flatten()
    {
        let set = match gap.is_empty() {
            true => &mut empty,
            false => &mut written,
        };
        set.insert(gap.name.number);
    }
    empty
        .into_iter()
        .filter(|number| !written.contains(number))
        .collect()
}

impl Gap {
    /// Whether there is no code in it, or only the `todo!` that the stub has there.
    fn is_empty(&self) -> bool {
        let code = tokens(&self.body);
        code.is_empty() || (code[0] == "todo" && code.get(1).is_some_and(|next| next == "!"))
    }
}

/// The places in some files at which there is something to write of the gaps of a number, which may have places in
/// several files. `text` reads a file.
pub fn open_places<'a>(
    files: &'a [&'static str],
    number: u8,
    text: impl Fn(&str) -> Option<String> + 'a,
) -> impl Iterator<Item = (&'static str, u32)> + 'a {
    files.iter().flat_map(move |file| {
        let lines = text(file).map(|text| open_lines(&text, number));
        let lines = lines.into_iter().flatten();
        lines.map(|line| (*file, u32::try_from(line).unwrap_or(u32::MAX)))
    })
}

/// The lines of a source text, from 1, at which there is something to write of the gaps of a number: each gap that
/// is empty, and each other `todo!` that is left of them. Of a text in which all are empty, only the first.
fn open_lines(source: &str, number: u8) -> BTreeSet<usize> {
    let todo = format!("TODO({number})");
    let of_number = gaps(source).unwrap_or_default().into_iter();
    let of_number: Vec<Gap> = of_number.filter(|gap| gap.name.number == number).collect();
    let (empty, written): (Vec<&Gap>, Vec<&Gap>) = of_number.iter().partition(|gap| gap.is_empty());
    let begin = |gap: &Gap| {
        let behind_mark = gap.body.lines().position(|line| line.contains(&todo));
        gap.line + behind_mark.map_or(0, |line| line + 1)
    };
    let mut open: BTreeSet<usize> = empty.iter().map(|gap| begin(gap)).collect();
    if written.is_empty()
        && let Some(&first) = open.first()
    {
        return BTreeSet::from([first]);
    }
    let is_in_empty = |line: usize| {
        let mut empty = empty.iter();
        empty.any(|gap| (gap.line..=gap.line + gap.body.lines().count()).contains(&line))
    };
    let left = (1..).zip(source.lines()).filter(|(line, text)| {
        text.contains("todo!") && text.contains(&todo) && !is_in_empty(*line)
    });
    open.extend(left.map(|(line, _)| line));
    open
}

fn gap_name(text: &str) -> Option<GapName> {
    let (number, title) = text.split_once(": ")?;
    let number = number.parse().ok()?;
    let title = title.trim().to_owned();
    (!title.is_empty()).then_some(GapName { number, title })
}

fn push_line(text: &mut String, line: &str) {
    text.push_str(line);
    text.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: &str =
        "a\n    // ── gap 2: ask\n    b\n    // ── end 2\nc\n// ── gap 3: tell\nd\n// ── end 3\n";

    fn named(number: u8, title: &str) -> GapName {
        GapName {
            number,
            title: title.to_owned(),
        }
    }

    #[test]
    fn gaps_are_found_with_number_title_line_and_content() {
        let gaps = gaps(SOURCE).unwrap();
        let found: Vec<_> = gaps
            .iter()
            .map(|gap| (&gap.name, gap.line, gap.body.as_str()))
            .collect();
        assert_eq!(
            found,
            [
                (&named(2, "ask"), 2, "    b\n"),
                (&named(3, "tell"), 6, "d\n")
            ]
        );
    }

    #[test]
    fn filled_gap_can_be_read_again() {
        let content = BTreeMap::from([(named(2, "ask"), "d\ne".to_owned())]);
        let filled = fill(SOURCE, &content).unwrap();
        assert_eq!(filled, SOURCE.replace("    b\n", "d\ne\n"));
        assert_eq!(gaps(&filled).unwrap()[0].body, "d\ne\n");
        assert_eq!(tokens(&filled), ["a", "d", "e", "c", "d"]);
    }

    #[test]
    fn each_place_that_is_left_to_write_is_found() {
        let gap = |title: &str, body: &str| format!("// ── gap 1: {title}\n{body}\n// ── end 1\n");
        let todo = "// TODO(1): what must hold\ntodo!(\"TODO(1) do it\")";
        let comment = "// TODO(1): what must hold besides";
        let check = |source: &str, expected: &[usize]| {
            let open: Vec<usize> = open_lines(source, 1).into_iter().collect();
            assert_eq!(open, expected, "{source}");
        };
        check(&(gap("a", todo) + &gap("b", comment)), &[2]);
        check(&(gap("a", "done();") + &gap("b", comment)), &[5]);
        check(&(gap("a", "done();") + &gap("b", todo)), &[5]);
        check(&(gap("a", "done();") + &gap("b", "")), &[4]);
        let half = "let x = todo!(\"TODO(1) the rest\");";
        check(&gap("a", half), &[2]);
        check(
            &(gap("a", "done();") + "fn b() { todo!(\"TODO(1) b\") }"),
            &[4],
        );
        check(&gap("a", "done();"), &[]);
        check(half, &[1]);
    }

    #[test]
    fn marks_of_room_are_comments() {
        let old = "// ── gap 0: room\nfn mine() {}\n// ── end 0\n";
        let source = SOURCE
            .replace("c\n", old)
            .replace("b\n", &format!("b\n{old}"));
        let found = gaps(&source).unwrap();
        assert_eq!(found.len(), 2);
        assert_eq!(found[0].body, format!("    b\n{old}"));
    }

    #[test]
    fn content_for_an_unknown_gap_is_refused() {
        let content = BTreeMap::from([(named(4, "ask"), String::new())]);
        assert!(
            fill(SOURCE, &content)
                .unwrap_err()
                .contains("no gap \"4: ask\"")
        );
    }

    #[track_caller]
    fn check_refused(source: &str, why: &str) {
        let refused = pieces(source).unwrap_err();
        assert!(refused.contains(why), "{refused}");
    }

    #[test]
    fn markers_that_do_not_match_are_refused() {
        check_refused("// ── gap 1: a", "never closed");
        check_refused("// ── end 1", "not open");
        check_refused("// ── gap 1: a\n// ── end 2", "gap 1 is open");
        check_refused("// ── gap 1: a\n// ── gap 2: b", "inside");
        check_refused("// ── gap one: a", "names no gap");
        check_refused(
            "// ── gap 1: a\n// ── end 1\n// ── gap 1: a\n// ── end 1",
            "second gap of the same name",
        );
    }

    #[test]
    fn gap_without_code_is_unwritten() {
        let stub = SOURCE.replace(
            "    b\n",
            "    // TODO(2): ask all of them.\n    todo!(\"TODO(2) ask\")\n",
        );
        assert_eq!(unwritten([stub.as_str()]), [2].into());
        assert_eq!(
            unwritten([SOURCE.replace('b', "// later").as_str()]),
            [2].into()
        );
        assert!(unwritten([SOURCE]).is_empty());
        // One of its places is enough: it was begun.
        assert!(unwritten([SOURCE, &stub.replace("ask\n", "tell\n")]).is_empty());
        assert!(
            unwritten(["// ── gap 2: ask"]).is_empty(),
            "markers that are broken"
        );
    }
}
