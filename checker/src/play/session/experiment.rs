//! Commands that make an experiment out of others: scripts, waiting, expecting, and the page that
//! shows what came of it.

use std::path::Path;
use std::time::Duration;

use prompt::command::{USAGE, Words};
use prompt::message::split_within;
use prompt::text::utf8;
use prompt::time::{in_words as time_in_words, patience};
use testkit::plain_file::{self, MAX_TEXT};
use tokio::time::{Instant, sleep};

use super::{Flow, Said, Session, in_words};

/// How many scripts may be under way, one within the other.
const DEEPEST: usize = 5;

/// How often a question is asked again.
const AGAIN: Duration = Duration::from_millis(100);

impl Session<'_> {
    pub(super) async fn script_command(&mut self, words: Words<'_>) -> Said {
        let file = words.rest();
        if file.is_empty() {
            return Err(USAGE.into());
        }
        self.script(Path::new(file)).await?;
        Ok(String::new())
    }

    /// Carries out the commands in a file, and shows them.
    ///
    /// # Errors
    /// The complaint of the first that fails, with its place.
    pub(in crate::play) async fn script(&mut self, file: &Path) -> Result<Flow, String> {
        let name = file.display();
        let text = plain_file::read(file, MAX_TEXT)
            .map_err(|error| format!("The file {name} cannot be read: {error}."))?;
        let text = utf8(text).map_err(|why| format!("The file {name} {why}."))?;
        if self.scripts >= DEEPEST {
            return Err(format!(
                "{name} is one script too deep: does it call itself?"
            ));
        }
        self.scripts += 1;
        let mut flow = Flow::Next;
        let mut complaint = None;
        for (number, line) in text.lines().enumerate() {
            self.echo(line);
            match Box::pin(self.execute(line)).await {
                Ok(Flow::Next) => {}
                Ok(Flow::End) => {
                    flow = Flow::End;
                    break;
                }
                Err(why) => {
                    complaint = Some(format!("{why}\nThat was line {} of {name}.", number + 1));
                    break;
                }
            }
        }
        self.scripts -= 1;
        complaint.map_or(Ok(flow), Err)
    }

    /// Shows a command that nobody has typed.
    pub(in crate::play) fn echo(&self, line: &str) {
        let line = line.trim();
        match line {
            "" => {}
            comment if comment.starts_with('#') => self.screen.print(comment),
            command => self
                .screen
                .print(format!("{}> {command}", self.place.part.name)),
        }
    }

    pub(super) async fn wait(&self, mut words: Words<'_>) -> Said {
        match words.optional()? {
            Some(word) => {
                sleep(patience(word)?).await;
                Ok(String::new())
            }
            None => {
                self.cluster.quiesce().await.map_err(in_words)?;
                Ok("All is quiet.".into())
            }
        }
    }

    pub(super) async fn expect(&mut self, words: Words<'_>) -> Said {
        let (text, within) = split_within(words.rest());
        let within = within.map_or(Ok(Duration::ZERO), patience)?;
        let (text, wanted) = match text.strip_prefix("not ") {
            Some(text) => (text.trim(), false),
            None => (text, true),
        };
        if text.is_empty() {
            return Err(USAGE.into());
        }
        if self.question.is_empty() {
            return Err("Nothing was asked yet; see `help expect`.".into());
        }
        let begun = Instant::now();
        let mut was_asked_again = false;
        while self.answer.contains(text) != wanted {
            if begun.elapsed() >= within {
                let what = match (wanted, within) {
                    (true, Duration::ZERO) => format!("The answer does not contain {text}"),
                    (true, _) => format!(
                        "The answer does not contain {text}, even after {}",
                        time_in_words(within)
                    ),
                    (false, _) => format!("The answer contains {text}"),
                };
                return Err(format!(
                    "{what}.\nThe answer to `{}` is:\n{}",
                    self.question, self.answer
                ));
            }
            sleep(AGAIN).await;
            let question = self.question.clone();
            // A complaint is an answer, too, and may be what is expected.
            let _ = Box::pin(self.obey(&question)).await;
            was_asked_again = true;
        }
        Ok(match was_asked_again {
            false => "As expected.".into(),
            true => format!("As expected, when asked again:\n{}", self.answer),
        })
    }

    pub(super) fn keep(&mut self, mut words: Words<'_>) -> Said {
        let name = words.last()?;
        if !name.chars().all(|c| c.is_ascii_uppercase()) || ["DATA", "TMP"].contains(&name) {
            return Err(format!(
                "{name:?} is not a valid name: write JOB, for example."
            ));
        }
        if self.question.is_empty() {
            return Err("Nothing was asked yet, so there is no answer.".into());
        }
        // Of an answer `Ok(…)` only what is in it can be used.
        let inner = self.answer.strip_prefix("{\"Ok\":");
        let inner = inner.and_then(|inner| inner.strip_suffix('}'));
        let answer = inner.unwrap_or(&self.answer).to_owned();
        self.kept.insert(name.to_owned(), answer);
        Ok(format!("${name} stands for that answer."))
    }

    pub(super) fn trace(&mut self, mut words: Words<'_>) -> Said {
        words.end()?;
        let page = self.place.write_page(self.cluster);
        let page = page.map_err(|trouble| format!("There is no page: the checker {trouble}."))?;
        self.traced = true;
        Ok(format!(
            "Everything that happened is in\n{}",
            page.display()
        ))
    }
}
