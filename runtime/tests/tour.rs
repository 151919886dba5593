//! The documentation's tour: each page that it names has what it says that each page has.

use std::fs;
use std::path::{Path, PathBuf};

fn sources(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        match entry.path() {
            path if path.is_dir() => sources(&path, into),
            path => into.push(path),
        }
    }
}

/// The comment above the definition of a type.
fn page_of(name: &str, texts: &[String]) -> String {
    let begins = ["struct", "enum", "trait"].map(|kind| format!("pub {kind} {name}"));
    let is_definition = |line: &str| {
        begins.iter().any(|begin| {
            let after = line.strip_prefix(begin.as_str());
            after.is_some_and(|after| !after.starts_with(|c: char| c.is_alphanumeric()))
        })
    };
    for text in texts {
        let lines: Vec<&str> = text.lines().collect();
        if let Some(place) = lines.iter().position(|line| is_definition(line)) {
            let is_page = |line: &&&str| line.starts_with("///") || line.starts_with("#[");
            let height = lines[..place].iter().rev().take_while(is_page).count();
            return lines[place - height..place].join("\n");
        }
    }
    panic!("there is no type {name}");
}

#[test]
fn each_page_of_the_tour_has_an_example_its_limits_and_its_source() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&folder, &mut files);
    let texts: Vec<String> = files
        .iter()
        .map(|file| fs::read_to_string(file).unwrap())
        .collect();
    let tour = fs::read_to_string(folder.join("lib.rs")).unwrap();
    let stops = tour.lines().filter_map(|line| {
        let (number, stop) = line.strip_prefix("//! ")?.split_once(". [`")?;
        number.parse::<u8>().ok()?;
        stop.split('`').next()
    });
    let mut stopped = 0;
    for stop in stops {
        let page = page_of(stop, &texts);
        for part in ["\n/// ```\n", "\n/// # Not promised\n", "\n/// # Source\n"] {
            assert!(page.contains(part), "{stop} has no {part:?}:\n{page}");
        }
        stopped += 1;
    }
    assert!(stopped > 10, "only {stopped} stops were found");
}
