//! Pages that need no network and no script: one for each student, and one of the class.
//!
//! What comes from students' programs is text, never HTML.

pub mod class;
pub mod feedback;

use report::page::{STYLE, escaped};
use testkit::verdict::Standing;

const OWN_STYLE: &str = include_str!("pages/style.css");

/// A whole page.
fn page(title: &str, body: &str) -> String {
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; \
         base-uri 'none'; form-action 'none'\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<title>{}</title>\n\
         <style>\n{STYLE}\n{OWN_STYLE}</style>\n</head>\n<body>\n{body}</body>\n</html>\n",
        escaped(title)
    )
}

/// The sign of a verdict, for those who do not see its color.
fn sign(standing: Standing) -> &'static str {
    match standing {
        Standing::Passed => "✓",
        Standing::Failed => "✗",
        Standing::Inconclusive => "?",
        Standing::NotWritten => "…",
        Standing::CheckerFault => "!",
    }
}

fn class(standing: Standing) -> String {
    standing.word().replace(' ', "-")
}

/// A verdict's word, with a sign and a color.
fn word(standing: Standing) -> String {
    format!(
        "<span class=\"word {}\">{} {}</span>",
        class(standing),
        sign(standing),
        standing.word()
    )
}

/// Text within an attribute.
fn attribute(text: &str) -> String {
    escaped(text).replace('"', "&quot;").replace('\'', "&#39;")
}
