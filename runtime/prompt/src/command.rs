//! Commands: what they are called, what they take, and what `help` says of them.

use std::fmt::Write;

/// Means "that is not how this command is used".
pub const USAGE: &str = "usage";

/// One command, as `help` describes it. `A` says what an argument can be, for the editor.
#[derive(Debug)]
pub struct Command<A: 'static> {
    /// Its name.
    pub name: &'static str,
    /// What follows the name, for people.
    pub usage: &'static str,
    /// What follows the name, for the editor.
    pub args: &'static [A],
    /// What it does, in a few words.
    pub about: &'static str,
    /// The rest of what there is to know; may be empty.
    pub more: &'static str,
}

/// All commands of a prompt.
pub struct Commands<A: 'static> {
    /// In groups, in the order in which a newcomer needs them.
    pub groups: &'static [(&'static str, &'static [Command<A>])],
    /// Words of the course's other prompt, with what does the same here.
    pub elsewhere: &'static [(&'static str, &'static str)],
}

impl<A> Commands<A> {
    /// Each of them.
    pub fn all(&self) -> impl Iterator<Item = &'static Command<A>> {
        self.groups.iter().flat_map(|(_, commands)| commands.iter())
    }

    /// The command of that name.
    pub fn find(&self, name: &str) -> Option<&'static Command<A>> {
        self.all().find(|command| command.name == name)
    }

    /// The list of all of them. A command that is longer than `widest` is explained in the line
    /// below it.
    pub fn overview(&self, widest: usize) -> String {
        let lengths = self.all().map(|command| command.line().len());
        let width = lengths.filter(|&length| length <= widest).max();
        let width = width.unwrap_or(0);
        let mut text = String::new();
        for (group, commands) in self.groups {
            let _ = writeln!(text, "{group}:");
            for command in *commands {
                let mut line = command.line();
                if line.len() > width {
                    let _ = writeln!(text, "  {line}");
                    line.clear();
                }
                let _ = writeln!(text, "  {line:width$}  {}", command.about);
            }
        }
        text + "More about one of them: help COMMAND. The Tab key\ncompletes commands and names."
    }

    /// The command that a word means, and a hint if it is called otherwise here.
    pub fn meant<'w>(&self, word: &'w str) -> (&'w str, Option<String>) {
        let known = self.elsewhere.iter().find(|(there, _)| *there == word);
        match known {
            Some((_, here)) => (here, Some(format!("`{word}` is called `{here}` here."))),
            None => (word, None),
        }
    }

    /// The sentence for a person whose command was not carried out.
    pub fn complaint(&self, name: &str, why: String) -> String {
        match (why.as_str(), self.find(name)) {
            (USAGE, Some(command)) => {
                format!("The usage is: {}. `help {name}` says more.", command.line())
            }
            (USAGE, None) => {
                format!("There is no command {name:?}. Type `help` for a list.")
            }
            _ => why,
        }
    }

    /// What `help NAME` says.
    ///
    /// # Errors
    /// A sentence, when there is no such command.
    pub fn help(&self, name: &str) -> Result<String, String> {
        let command = self.find(name);
        let none = || format!("There is no command {name:?}; `help` lists them all.");
        command.map(Command::help).ok_or_else(none)
    }
}

impl<A> Command<A> {
    /// The command as it is typed.
    pub fn line(&self) -> String {
        format!("{} {}", self.name, self.usage)
            .trim_end()
            .to_owned()
    }

    /// All that there is to know about it.
    pub fn help(&self) -> String {
        let text = format!("{}\n  {}", self.line(), self.about);
        match self.more {
            "" => text,
            more => format!("{text}\n\n{more}"),
        }
    }
}

/// A server on a node, as two words of a line. In every command the node comes first.
#[derive(Debug, PartialEq, Eq)]
pub struct Whose<'a> {
    /// The node.
    pub node: &'a str,
    /// The server.
    pub server: &'a str,
    /// What to tell a person who wrote the server first.
    pub hint: Option<String>,
}

impl<'a> Whose<'a> {
    /// Reads the words. In the other order they are understood where only the second is a node.
    ///
    /// # Errors
    /// [`USAGE`], if a word is missing.
    pub fn read(
        command: &str,
        words: &mut Words<'a>,
        is_node: impl Fn(&str) -> bool,
    ) -> Result<Whose<'a>, String> {
        let (first, second) = (words.required()?, words.required()?);
        if is_node(first) || !is_node(second) {
            return Ok(Whose {
                node: first,
                server: second,
                hint: None,
            });
        }
        let more = match words.clone().next() {
            Some(_) => " …",
            None => "",
        };
        Ok(Whose {
            node: second,
            server: first,
            hint: Some(format!(
                "The node comes first: `{command} {second} {first}{more}`."
            )),
        })
    }
}

/// The words of a line that are not read yet.
#[derive(Debug, Clone)]
pub struct Words<'a>(pub &'a str);

impl<'a> Words<'a> {
    /// The next word, if there is one.
    #[expect(
        clippy::should_implement_trait,
        reason = "an iterator has a `last` of another meaning"
    )]
    pub fn next(&mut self) -> Option<&'a str> {
        let line = self.0.trim_start();
        let (word, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        self.0 = rest;
        (!word.is_empty()).then_some(word)
    }

    /// The word that must be there.
    ///
    /// # Errors
    /// [`USAGE`], if it is not.
    pub fn required(&mut self) -> Result<&'a str, String> {
        self.next().ok_or_else(|| USAGE.into())
    }

    /// The word that must be there and must be the last.
    ///
    /// # Errors
    /// [`USAGE`], if it is not.
    pub fn last(&mut self) -> Result<&'a str, String> {
        let word = self.required()?;
        self.end()?;
        Ok(word)
    }

    /// The word that may be there and must be the last.
    ///
    /// # Errors
    /// [`USAGE`], if more follows.
    pub fn optional(&mut self) -> Result<Option<&'a str>, String> {
        let word = self.next();
        self.end()?;
        Ok(word)
    }

    /// No more words.
    ///
    /// # Errors
    /// [`USAGE`], if there are more.
    pub fn end(&mut self) -> Result<(), String> {
        match self.next() {
            None => Ok(()),
            Some(_) => Err(USAGE.into()),
        }
    }

    /// All that is left.
    pub fn rest(self) -> &'a str {
        self.0.trim()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(typed: &str, node: &str, server: &str, hint: Option<&str>) {
        let is_node = |word: &str| ["n1", "n2"].contains(&word);
        let expected = Whose {
            node,
            server,
            hint: hint.map(str::to_owned),
        };
        assert_eq!(
            Whose::read("call", &mut Words(typed), is_node),
            Ok(expected)
        );
    }

    #[test]
    fn the_node_comes_first_and_the_other_order_is_understood() {
        check("n1 consumer Counts", "n1", "consumer", None);
        let hint = "The node comes first: `call n1 consumer …`.";
        check("consumer n1 Counts", "n1", "consumer", Some(hint));
        let hint = "The node comes first: `call n1 consumer`.";
        check("consumer n1", "n1", "consumer", Some(hint));
        check("n1 n2", "n1", "n2", None);
        check("n9 consumer", "n9", "consumer", None);
    }
}
