//! How wide the reader's screen is.

/// How wide text is set where there is no terminal to ask.
const WIDTH: usize = 80;

/// Narrower than this, no sketch fits; wider than that, no line is read with ease.
const WIDTHS: std::ops::RangeInclusive<usize> = 60..=100;

/// How wide text is to be set: `COLUMNS` says so, or the terminal, within what can be read.
pub fn width() -> usize {
    columns().clamp(*WIDTHS.start(), *WIDTHS.end())
}

/// How many columns the reader's terminal has; 80 without one.
pub fn columns() -> usize {
    let given = std::env::var("COLUMNS").ok();
    let given = given.and_then(|columns| columns.trim().parse().ok());
    given
        .or_else(|| {
            let size = rustix::termios::tcgetwinsize(std::io::stdout()).ok()?;
            Some(usize::from(size.ws_col))
        })
        .filter(|columns| *columns > 0)
        .unwrap_or(WIDTH)
}

/// The beginning of a text, with a sign where something is missing.
pub fn shortened(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shortened_text_has_a_sign() {
        assert_eq!(shortened("wörter", 6), "wörter");
        assert_eq!(shortened("wörter", 2), "wö…");
    }
}
