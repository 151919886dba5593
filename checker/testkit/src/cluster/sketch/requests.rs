//! Requests of the checker to nodes in the picture: what is asked and answered again in the same
//! words is counted, not drawn.

use std::collections::BTreeMap;

/// How the note of a request begins in the record.
const SIGN: &str = "curl ";

/// A request and its answer, which stand for all that follow with the same words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Asked {
    /// `curl n1 GET /abc → 302 https://example.org/ (3 ms)`
    text: String,
    times: usize,
}

/// Where the last answer to each question is drawn.
#[derive(Default)]
pub(super) struct Questions(BTreeMap<String, (usize, String)>);

/// What a note in the record is.
pub(super) enum Meant {
    /// A request like the one that is drawn in this row.
    Again(usize),
    /// One that differs from the last.
    New(Asked),
    /// No request.
    Other,
}

impl Questions {
    /// Looks at a note that would be drawn in a row.
    pub(super) fn look(&mut self, note: &str, row: usize) -> Meant {
        if !note.starts_with(SIGN) {
            if note.starts_with('▸') {
                // What is asked in another step is worth a line of its own.
                self.0.clear();
            }
            return Meant::Other;
        }
        let (question, answer) = untimed(note).split_once(" → ").unwrap_or((note, ""));
        let last = (row, answer.to_owned());
        match self.0.get(question) {
            Some((row, before)) if before == answer => return Meant::Again(*row),
            _ => self.0.insert(question.to_owned(), last),
        };
        Meant::New(Asked {
            text: note.to_owned(),
            times: 1,
        })
    }
}

impl Asked {
    /// Counts one more.
    pub(super) fn again(&mut self) {
        self.times += 1;
    }

    /// As it is drawn.
    pub(super) fn in_words(&self) -> String {
        match self.times {
            1 => self.text.clone(),
            times => format!("{}, {times} times", untimed(&self.text)),
        }
    }
}

/// A note without the time that it took.
fn untimed(note: &str) -> &str {
    match note.rsplit_once(" (") {
        Some((untimed, time)) if time.ends_with(" ms)") => untimed,
        _ => note,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn same_answers_are_counted_until_another_comes_or_a_step_ends() {
        let notes = [
            "▸ n1 is asked.",
            "curl n1 GET /a → 404 there is no such link (3 ms)",
            "curl n2 GET /a → 302 https://a/ (1 ms)",
            "curl n1 GET /a → 404 there is no such link (4 ms)",
            "n3 is killed",
            "curl n1 GET /a → 404 there is no such link (2 ms)",
            "curl n1 GET /a → 302 https://a/ (2 ms)",
            "curl n1 GET /a → no answer",
            "▸ n2 is asked.",
            "curl n2 GET /a → 302 https://a/ (1 ms)",
        ];
        let (mut questions, mut drawn) = (Questions::default(), Vec::new());
        for note in notes {
            match questions.look(note, drawn.len()) {
                Meant::New(asked) => drawn.push(asked),
                Meant::Again(row) => drawn[row].again(),
                Meant::Other => {}
            }
        }
        let drawn: Vec<String> = drawn.iter().map(Asked::in_words).collect();
        assert_eq!(
            drawn,
            [
                "curl n1 GET /a → 404 there is no such link, 3 times",
                "curl n2 GET /a → 302 https://a/ (1 ms)",
                "curl n1 GET /a → 302 https://a/ (2 ms)",
                "curl n1 GET /a → no answer",
                "curl n2 GET /a → 302 https://a/ (1 ms)",
            ]
        );
    }
}
