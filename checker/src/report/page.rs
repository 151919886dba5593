//! The report as a page: one file that shows what happened, without any network.
//!
//! The page's script gets all that it shows as JSON, made by the modules below: which events there
//! is room for, what led to a failure, what is different from the run before, and all sums. The
//! script draws, and computes nothing that another picture would have to compute again. Names,
//! messages and logs come from the programs of learners: they are data, never HTML.

mod compare;
mod data;
mod room;
mod sums;

use std::path::Path;

use crate::report::{PartReport, terminal};
use crate::runs::Run;
use crate::trouble::{Result, While};
use data::PageData;

const FRAME: &str = include_str!("page/page.html");
const STYLE: &str = include_str!("page/style.css");
const SCRIPTS: [&str; 3] = [
    include_str!("page/trace.js"),
    include_str!("page/diagram.js"),
    include_str!("page/page.js"),
];

/// Writes the page of a run into its folder.
///
/// # Errors
/// When it cannot be written.
pub fn write(run: &Run, report: &PartReport) -> Result<()> {
    let earlier = compare::last_like(run, report);
    let command = terminal::command_name();
    let mut page = String::new();
    for room in room::WHOLE {
        let data = PageData::gather(run, report, earlier.as_ref(), command, room);
        let json = serde_json::to_string(&data).or_trouble(|| "write the report's data as JSON")?;
        let json = embedded(&json);
        page = framed(&data, &json);
        if json.len() <= room::MOST {
            break;
        }
    }
    save(&run.page(), &page)
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
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

/// Nobody finds half a page: who has the old one open and loads it again sees the old one or the
/// new one.
fn save(file: &Path, page: &str) -> Result<()> {
    let new = file.with_extension("html.new");
    std::fs::write(&new, page).or_trouble(|| format!("write {}", new.display()))?;
    std::fs::rename(&new, file).or_trouble(|| format!("write {}", file.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

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
