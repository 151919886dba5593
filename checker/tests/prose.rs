//! What learners read is plain English: the documents, the comments and the messages of the
//! programs do without the words that made earlier readers stumble.

use std::fs;
use std::path::Path;

use walkdir::WalkDir;

use crate::training::root;

/// Where learners read. Single files are documents of the course's folder.
const READ: [&str; 18] = [
    "ARCHITECTURE.md",
    "CHANGELOG.md",
    "README.md",
    "TRAINING.md",
    "benches",
    "checker/entropy",
    "checker/gradebook",
    "checker/grader",
    "checker/parts",
    "checker/report",
    "checker/src",
    "checker/store",
    "checker/testkit",
    "docs",
    "exercises",
    "runtime",
    "solutions",
    "training",
];

/// What we do not write, and what says the same.
const NEVER: [(&str, &str); 30] = [
    ("anybody", "the actor's name, such as `a program`"),
    ("are over", "`have ended`"),
    ("believe in", "`list`, or `take for connected`"),
    ("believes in", "`lists`, or `takes for connected`"),
    ("count as down", "`are declared down`"),
    ("counts as", "`is`, or `is taken for`"),
    ("did not bite", "`had no effect`"),
    ("everybody", "the actors' name, such as `all nodes`"),
    ("fault bit", "`fault took effect`"),
    ("faults bit", "`faults took effect`"),
    ("has just been demonstrated", "`this run demonstrated`"),
    ("has need of", "`needs`"),
    ("he", "the actor's name, such as `the node`"),
    ("him", "the actor's name, such as `the node`"),
    ("his", "the actor's name, such as `the node's`"),
    ("is crashed", "`crashes`"),
    ("is over", "`has ended`, or `has expired`"),
    ("link comes up", "`connection comes up`"),
    ("link cut", "`connection closed`"),
    ("link is down", "`connection is down`"),
    ("links close", "`connections close`"),
    ("of its own accord", "`by itself`"),
    ("say messages", "`send messages`"),
    ("says messages", "`sends messages`"),
    ("somebody", "the actor's name, such as `a client`"),
    ("someone", "the actor's name, such as `a client`"),
    ("stand still", "`are paused`"),
    ("stands still", "`is paused`"),
    ("was over", "`had ended`"),
    ("whoever", "the actor's name, such as `the caller`"),
];

#[test]
fn what_learners_read_has_none_of_the_refused_words() {
    let mut found = Vec::new();
    for place in READ {
        for entry in WalkDir::new(root().join(place)) {
            let path = entry.expect("the course can be read").into_path();
            if is_text(&path) {
                let text = fs::read_to_string(&path).unwrap();
                let named = path.strip_prefix(root()).unwrap().display();
                found.extend(refused(&text).map(|word| format!("{named}: {word}")));
            }
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn refused_words_are_found_across_lines_and_only_as_words() {
    #[track_caller]
    fn check(text: &str, expected: usize) {
        assert_eq!(refused(text).count(), expected, "{text}");
    }
    check("/// Whoever\n", 1);
    check("    // so the job is\n    // over now\n", 1);
    check("> the fault did\n> not bite", 1);
    check("the `his` of `over`, this, over there, 'he'", 0);
    check("This is overdue, and the shell is here.", 0);
}

/// Pictures repeat what a run printed, and the King James Bible, which part 2 counts, has words of its own.
fn is_text(path: &Path) -> bool {
    let is_read = |kind: &std::ffi::OsStr| {
        ["html", "js", "md", "rs", "toml", "txt"].contains(&kind.to_str().unwrap_or_default())
    };
    path.extension().is_some_and(is_read) && !path.ends_with("kjv.txt")
}

/// The refused words of a text, each with what to write.
fn refused(text: &str) -> impl Iterator<Item = String> {
    let text = in_one_line(text);
    NEVER
        .iter()
        .filter(move |(word, _)| has(&text, word))
        .map(|(word, better)| format!("{word:?}; write {better}"))
}

/// Without line ends, and without the marks that begin a comment or a quotation.
fn in_one_line(text: &str) -> String {
    let lines = text.lines().map(|line| {
        let line = line.trim();
        line.trim_start_matches(['/', '!', '#', '>']).trim()
    });
    lines.collect::<Vec<_>>().join(" ").to_lowercase()
}

fn has(text: &str, word: &str) -> bool {
    let is_inside = |c: char| c.is_alphanumeric() || "_'`\"-".contains(c);
    text.match_indices(word).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let after = text[at + word.len()..].chars().next();
        !before.is_some_and(is_inside) && !after.is_some_and(is_inside)
    })
}
