//! One file in three versions: what the course had, what the learner made of it, and what the
//! course has now.

use std::collections::BTreeMap;

use super::git::Git;
use grader::gaps::{Gap, GapName, fill, gaps, marks_room};
use grader::tokens::tokens;
use testkit::trouble::Result;

/// A file of which the versions were merged.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Merged {
    /// What it is to hold; nothing, if it is to be removed.
    pub text: Option<Vec<u8>>,
    /// What could not be kept.
    pub losses: Vec<Loss>,
    /// Gaps that are new: "2: ask everyone".
    pub new_gaps: Vec<String>,
}

/// Something of the learner's that has no place in the new version. The backup has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Loss {
    /// A gap is no longer there.
    Gap {
        /// Its number and title.
        name: String,
        /// What was in it.
        body: String,
    },
    /// What the learner changed outside of the gaps contradicts what the course changed there.
    Outside,
    /// The whole file: why.
    File(&'static str),
}

/// Merges the versions of a file, of which each may be missing.
///
/// # Errors
/// When git cannot be run.
pub fn merge(
    git: &Git,
    old: Option<&[u8]>,
    yours: Option<&[u8]>,
    new: Option<&[u8]>,
) -> Result<Merged> {
    let whole = |text: Option<&[u8]>, losses: Vec<Loss>| Merged {
        text: text.map(<[u8]>::to_vec),
        losses,
        new_gaps: Vec::new(),
    };
    let Some(mine) = yours else {
        return Ok(whole(new, Vec::new()));
    };
    if yours == old {
        // The names of the gaps are wanted all the same.
        let new_gaps = names_added(text(old), text(new));
        return Ok(Merged {
            new_gaps,
            ..whole(new, Vec::new())
        });
    }
    if yours == new || old == new {
        return Ok(whole(yours, Vec::new()));
    }
    let Some(theirs) = new else {
        let why = "the course no longer has such a file";
        return Ok(whole(None, vec![Loss::File(why)]));
    };
    let (Some(mine), Some(theirs_text)) = (text(Some(mine)), text(new)) else {
        let why = "the course has a new version of it, and it is not text";
        return Ok(whole(new, vec![Loss::File(why)]));
    };
    let Some(base) = text(old) else {
        let why = "the course now has a file with the same name";
        return Ok(whole(Some(theirs), vec![Loss::File(why)]));
    };
    merge_texts(git, base, mine, theirs_text)
}

fn merge_texts(git: &Git, base: &str, mine: &str, theirs: &str) -> Result<Merged> {
    // What was written between the marks of room is outside of the gaps now.
    let [base, mine, theirs] = [base, mine, theirs].map(without_room);
    let (base, mine, theirs) = (&*base, &*mine, &*theirs);
    let (Ok(old_gaps), Ok(new_gaps)) = (gaps(base), gaps(theirs)) else {
        return merge_lines(git, base, mine, theirs);
    };
    let Ok(my_gaps) = gaps(mine) else {
        // The markers are broken, so nobody can tell what belongs into which gap.
        return merge_lines(git, base, mine, theirs);
    };
    let mut losses = Vec::new();
    let mut contents: BTreeMap<GapName, String> = BTreeMap::new();
    for gap in &my_gaps {
        let before = old_gaps.iter().find(|old| old.name == gap.name);
        let is_stub = before.is_some_and(|old| tokens(&old.body) == tokens(&gap.body))
            && before.is_some_and(|old| comments(&old.body) == comments(&gap.body));
        let is_empty = gap.body.trim().is_empty();
        if is_stub || (is_empty && before.is_none()) {
            continue;
        }
        match place(gap, &old_gaps, &new_gaps) {
            Some(name) => {
                contents.insert(name, gap.body.clone());
            }
            None => losses.push(Loss::Gap {
                name: format!("{}: {}", gap.name.number, gap.name.title),
                body: gap.body.clone(),
            }),
        }
    }
    let empty = |text: &str, gaps: &[Gap]| {
        let nothing = gaps.iter().map(|gap| (gap.name.clone(), String::new()));
        fill(text, &nothing.collect())
    };
    let (Ok(base_frame), Ok(my_frame), Ok(new_frame)) = (
        empty(base, &old_gaps),
        empty(mine, &my_gaps),
        empty(theirs, &new_gaps),
    ) else {
        return merge_lines(git, base, mine, theirs);
    };
    // The frame: everything outside of the gaps.
    let frame = git.merge_file(&my_frame, &base_frame, &new_frame)?;
    let frame = frame.and_then(|frame| settled(&frame));
    let sound = frame.filter(|frame| {
        gaps(frame).is_ok_and(|found| {
            let names = found.iter().map(|gap| &gap.name);
            names.eq(new_gaps.iter().map(|gap| &gap.name))
        })
    });
    if sound.is_none() {
        losses.push(Loss::Outside);
    }
    // Gaps that the learner has not touched come from the new version.
    let mut all: BTreeMap<GapName, String> = new_gaps
        .iter()
        .map(|gap| (gap.name.clone(), gap.body.clone()))
        .collect();
    all.extend(contents);
    let frame = sound.unwrap_or(new_frame);
    let filled = fill(&frame, &all).unwrap_or_else(|_| theirs.to_owned());
    Ok(Merged {
        text: Some(filled.into_bytes()),
        losses,
        new_gaps: names_added(Some(base), Some(theirs)),
    })
}

/// The gap of the new version that a learner's gap belongs to: that of its name, or the only one
/// of its number that has a new name in place of an old one.
fn place(gap: &Gap, old: &[Gap], new: &[Gap]) -> Option<GapName> {
    if new.iter().any(|other| other.name == gap.name) {
        return Some(gap.name.clone());
    }
    let is_alone = |one: &[Gap], other: &[Gap]| {
        let mut only = one
            .iter()
            .filter(|gap_there| gap_there.name.number == gap.name.number)
            .filter(|gap_there| other.iter().all(|others| others.name != gap_there.name));
        match (only.next(), only.next()) {
            (Some(only), None) => Some(only.name.clone()),
            _ => None,
        }
    };
    is_alone(old, new)
        .filter(|gone| *gone == gap.name)
        .and_then(|_| is_alone(new, old))
}

fn merge_lines(git: &Git, base: &str, mine: &str, theirs: &str) -> Result<Merged> {
    let merged = git.merge_file(mine, base, theirs)?;
    let merged = merged.and_then(|merged| settled(&merged));
    let losses = if merged.is_none() {
        vec![Loss::Outside]
    } else {
        Vec::new()
    };
    Ok(Merged {
        text: Some(merged.unwrap_or_else(|| theirs.to_owned()).into_bytes()),
        losses,
        new_gaps: names_added(Some(base), Some(theirs)),
    })
}

/// The merged text, once git's marks are settled where both sides have changed the same lines. What the
/// learner has added there follows what the course has there now. Nothing, where the learner has
/// changed or removed a line of the course's.
fn settled(merged: &str) -> Option<String> {
    let mut settled = Vec::new();
    let mut lines = merged.lines();
    while let Some(line) = lines.next() {
        if !line.starts_with("<<<<<<< ") {
            settled.push(line);
            continue;
        }
        let mut side = |mark: &str| -> Vec<&str> {
            let lines = lines.by_ref().take_while(|line| !line.starts_with(mark));
            lines.collect()
        };
        let (mine, base, theirs) = (side("||||||| "), side("======="), side(">>>>>>> "));
        settled.extend(theirs);
        let mut base = base.into_iter().peekable();
        settled.extend(
            mine.into_iter()
                .filter(|line| base.next_if_eq(line).is_none()),
        );
        if base.next().is_some() {
            return None;
        }
    }
    Some(settled.join("\n") + "\n")
}

fn without_room(text: &str) -> String {
    let lines = text.split_inclusive('\n');
    lines.filter(|line| !marks_room(line)).collect()
}

/// The gaps that are in the new version only, without those that have but a new title.
fn names_added(old: Option<&str>, new: Option<&str>) -> Vec<String> {
    let of = |text: Option<&str>| gaps(text.unwrap_or_default()).unwrap_or_default();
    let (old, new) = (of(old), of(new));
    let known: Vec<GapName> = old
        .iter()
        .filter_map(|gap| place(gap, &old, &new))
        .collect();
    new.iter()
        .filter(|gap| !known.contains(&gap.name))
        .map(|gap| format!("{}: {}", gap.name.number, gap.name.title))
        .collect()
}

/// The comments of a gap: a learner who wrote down a plan wrote something.
fn comments(body: &str) -> Vec<&str> {
    let lines = body.lines().map(str::trim);
    lines.filter(|line| line.starts_with("//")).collect()
}

fn text(bytes: Option<&[u8]>) -> Option<&str> {
    bytes.and_then(|bytes| std::str::from_utf8(bytes).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What becomes of texts that both sides have changed in one place.
    #[track_caller]
    fn check(mine: &str, base: &str, theirs: &str, expected: Option<&str>) {
        let merged = format!(
            "a\n<<<<<<< mine\n{mine}||||||| base\n{base}=======\n{theirs}>>>>>>> theirs\nz\n"
        );
        assert_eq!(settled(&merged).as_deref(), expected);
    }

    #[test]
    fn additions_follow_what_the_course_has_changed_beside_them() {
        check("mine\n", "", "theirs\n", Some("a\ntheirs\nmine\nz\n"));
        check(
            "mine\nb\nalso mine\n",
            "b\n",
            "new b\n",
            Some("a\nnew b\nmine\nalso mine\nz\n"),
        );
    }

    #[test]
    fn changes_of_the_same_line_contradict_each_other() {
        check("my b\n", "b\n", "new b\n", None);
        check("", "b\n", "new b\n", None);
    }

    #[test]
    fn what_stood_in_room_stays() {
        let old = "a\n    // ── gap 0: fields\n    mine\n    // ── end 0\nb\n";
        assert_eq!(without_room(old), "a\n    mine\nb\n");
    }
}
