//! The report as a page: one file that shows what happened, without any network.
//!
//! The page's script gets all that it shows as JSON, made by the modules below: which events there
//! is room for, what led to a failure, and all sums. The script draws, and computes none of that
//! again. Names, messages and logs come from the programs of learners: they are data, never HTML.

mod data;
mod room;
mod sums;

use crate::terminal;
use data::PageData;
use grader::part_report::PartReport;
use grader::runs::Run;
use grader::whole_file;
use testkit::part::Part;
use testkit::trouble::{Result, While};

const FRAME: &str = include_str!("page/page.html");
/// The style of all pages: colors for light and dark, headings, tables, and how they are printed.
pub const STYLE: &str = include_str!("page/style.css");
const SCRIPTS: [&str; 4] = [
    include_str!("page/trace.js"),
    include_str!("page/picture.js"),
    include_str!("page/diagram.js"),
    include_str!("page/page.js"),
];

/// Writes the page of a run into its folder. `parts` are those of the course.
///
/// # Errors
/// When it cannot be written.
pub fn write(run: &Run, report: &PartReport, parts: &[Part]) -> Result<()> {
    let command = terminal::command_name();
    let mut page = String::new();
    for room in room::WHOLE {
        let data = PageData::gather(run, report, report.of(parts), command, room);
        let json = serde_json::to_string(&data).or_trouble(|| "write the report's data as JSON")?;
        let json = embedded(&json);
        page = framed(&data, &json);
        if json.len() <= room::MOST {
            break;
        }
    }
    // Who has the old one open and loads it again sees the old one or the new one.
    whole_file::write(&run.page(), page)
}

/// The whole page: the frame, with everything in its place.
fn framed(data: &PageData, json: &str) -> String {
    let title = escaped(&format!("{}: {}", data.heading, data.standing));
    let script = SCRIPTS.join("\n");
    let mut page = String::with_capacity(FRAME.len() + STYLE.len() + json.len() + script.len());
    // What is put into a place is never looked through for further places.
    for part in FRAME.split("{{") {
        let (place, behind) = part.split_once("}}").unwrap_or(("", part));
        page.push_str(match place {
            "title" => &title,
            "style" => STYLE,
            "data" => json,
            "script" => &script,
            _ => "",
        });
        page.push_str(behind);
    }
    page
}

/// JSON that may stand within a script element: nothing in it can end the element or begin
/// another, and no line of it ends where older browsers see an end.
fn embedded(json: &str) -> String {
    // Each letter by itself: a search for any of several goes through the text letter by letter.
    ['<', '>', '&', '\u{2028}', '\u{2029}']
        .into_iter()
        .fold(json.to_owned(), |safe, letter| {
            if safe.contains(letter) {
                safe.replace(letter, &format!("\\u{:04x}", u32::from(letter)))
            } else {
                safe
            }
        })
}

/// Text that may stand between tags.
pub fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    /// The colors of the style's nth `:root`, by their names.
    fn colors(nth: usize) -> BTreeMap<&'static str, u32> {
        let root = STYLE.split(":root {").nth(nth).unwrap();
        let (root, _) = root.split_once('}').unwrap();
        let colors = root.split(';').filter_map(|one| one.split_once(": #"));
        let colors = colors.map(|(name, color)| {
            let name = name.trim().trim_start_matches("--");
            (name, u32::from_str_radix(color, 16).unwrap())
        });
        colors.collect()
    }

    /// How much lighter one of two colors is than the other, as WCAG computes it.
    fn contrast(a: u32, b: u32) -> f64 {
        let light = |color: u32, shift: u32| {
            let light = f64::from((color >> shift) & 0xff) / 255.0;
            match light <= 0.04045 {
                true => light / 12.92,
                false => ((light + 0.055) / 1.055).powf(2.4),
            }
        };
        let of = |color: u32| {
            0.2126 * light(color, 16) + 0.7152 * light(color, 8) + 0.0722 * light(color, 0)
        };
        let (a, b) = (of(a), of(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn texts_and_arrows_stand_out_in_light_and_in_dark() {
        const GROUNDS: [&str; 4] = ["paper", "ground", "raised", "step"];
        const TEXTS: [&str; 10] = [
            "ink", "soft", "link", "bad", "good", "doubt", "todo", "cause", "late", "chosen",
        ];
        const LINES: [&str; 3] = ["lane", "say", "answer"];
        let on_grounds = |names: &[&'static str]| {
            let pairs = names
                .iter()
                .flat_map(|name| GROUNDS.map(|ground| (*name, ground)));
            pairs.collect::<Vec<_>>()
        };
        let mut texts = on_grounds(&TEXTS);
        texts.extend([
            ("bad", "bad-ground"),
            ("good", "good-ground"),
            ("doubt", "doubt-ground"),
            ("todo", "todo-ground"),
            ("cause", "cause-ground"),
            ("ink", "cause-ground"),
            ("soft", "cause-ground"),
            ("paper", "link"),
        ]);
        for scheme in [1, 2] {
            let colors = colors(scheme);
            for (pairs, least) in [(&texts, 4.5), (&on_grounds(&LINES), 3.0)] {
                for (a, b) in pairs {
                    let contrast = contrast(colors[a], colors[b]);
                    assert!(
                        contrast >= least,
                        "{a} on {b}, scheme {scheme}: {contrast:.2}"
                    );
                }
            }
        }
    }

    #[test]
    fn nothing_in_the_data_ends_its_element() {
        let texts = [
            "</script><script>alert(1)</script>",
            "a & b",
            "one\u{2028}line\u{2029}",
        ];
        let json = serde_json::to_string(&texts).unwrap();
        let safe = embedded(&json);
        assert!(!safe.contains(['<', '>', '&', '\u{2028}', '\u{2029}']));
        let back: Vec<String> = serde_json::from_str(&safe).unwrap();
        assert_eq!(back, texts);
    }
}
