//! Carrying out commands, one at a time.

mod experiment;
mod network;
mod nodes;
mod servers;
mod store;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;

use prompt::command::{USAGE, Whose, Words};
use prompt::screen::Screen;

use super::command::{COMMANDS, overview};
use super::eyes::Eyes;
use super::names::Names;
use super::{Place, words};
use network::{LinkFault, MessageFault};
use report::words::sentence;
use testkit::cluster::{Cluster, Standing};
use testkit::part::Part;
use testkit::scenario::Stop;
use testkit::screen::columns;
use testkit::verdict::Verdict;

/// What a command has to say: to be printed either way, but the second is a complaint.
pub(super) type Said = Result<String, String>;

/// What comes after a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flow {
    Next,
    End,
}

/// A user who plays with a cluster.
pub(super) struct Session<'c> {
    cluster: &'c Cluster<'c>,
    eyes: &'c Eyes<'c>,
    screen: Screen,
    names: Names,
    place: Place,
    /// What is between two nodes, in one direction.
    between: BTreeMap<(String, String), BTreeSet<LinkFault>>,
    rules: BTreeMap<u32, MessageFault<'c>>,
    last_rule: u32,
    /// What the store does for nodes, where it is not as it should be.
    stores: BTreeMap<String, String>,
    /// The last command that asked something, and what the answer was.
    question: String,
    answer: String,
    /// Answers that were to be kept, by their names.
    kept: BTreeMap<String, String>,
    /// How many scripts are under way, one within the other.
    scripts: usize,
    /// Whether a page of this was written.
    pub(super) traced: bool,
}

/// Commands whose answers `expect` looks into.
const QUESTIONS: [&str; 7] = ["nodes", "logs", "servers", "call", "curl", "rules", "store"];

/// Commands that leave everything as it is.
const ASIDE: [&str; 12] = [
    "nodes", "watch", "logs", "servers", "trace", "rules", "script", "wait", "expect", "keep",
    "try", "help",
];

impl<'c> Session<'c> {
    pub(super) fn new(
        cluster: &'c Cluster<'c>,
        eyes: &'c Eyes<'c>,
        screen: &Screen,
        names: Names,
        place: Place,
    ) -> Session<'c> {
        let session = Session {
            cluster,
            eyes,
            screen: screen.clone(),
            names,
            place,
            between: BTreeMap::new(),
            rules: BTreeMap::new(),
            last_rule: 0,
            stores: BTreeMap::new(),
            question: String::new(),
            answer: String::new(),
            kept: BTreeMap::new(),
            scripts: 0,
            traced: false,
        };
        session.names.set_nodes(cluster.everyone());
        session
    }

    /// The part that is played.
    pub(super) fn part(&self) -> &'static Part {
        self.place.part
    }

    /// Carries out a line, and prints what that says, unless it is a complaint.
    ///
    /// # Errors
    /// The complaint.
    pub(super) async fn execute(&mut self, line: &str) -> Result<Flow, String> {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            if self.scripts == 0 && line.is_empty() && self.eyes.rest() {
                self.screen.print("No longer watching.");
            }
            return Ok(Flow::Next);
        }
        if matches!(line, "quit" | "exit") {
            return Ok(Flow::End);
        }
        let name = line.trim_start_matches("try ").split(' ').next();
        if COMMANDS
            .find(COMMANDS.meant(name.unwrap_or_default()).0)
            .is_some_and(|c| !ASIDE.contains(&c.name))
        {
            // They are what the page tells as the story.
            self.cluster.step(line);
        }
        let said = self.obey(line).await?;
        // The watched events happened before the message about them.
        self.eyes.show_messages();
        if !said.is_empty() {
            self.screen.print(said);
        }
        Ok(Flow::Next)
    }

    /// Carries out a command.
    async fn obey(&mut self, line: &str) -> Said {
        let line = self.filled_in(line);
        if let Some(rest) = line.strip_prefix("try ") {
            return Box::pin(self.obey(rest.trim())).await.or_else(Ok);
        }
        let mut words = Words(&line);
        let (name, hint) = COMMANDS.meant(words.next().unwrap_or_default());
        let name = name.to_owned();
        if let Some(hint) = hint {
            self.screen.print(hint);
        }
        let said = self
            .dispatch(&name, words)
            .await
            .map_err(|why| COMMANDS.complaint(&name, why));
        if QUESTIONS.contains(&name.as_str()) {
            self.question.clone_from(&line);
            self.answer = said.clone().unwrap_or_else(|complaint| complaint);
        }
        said
    }

    async fn dispatch(&mut self, command: &str, words: Words<'_>) -> Said {
        match command {
            "nodes" => self.nodes(words).await,
            "watch" => Ok(self.eyes.watch(words.rest())),
            "logs" => self.logs(words),
            "servers" => self.servers(words).await,
            "trace" => self.trace(words),
            "call" => self.call(words).await,
            "send" => self.send(words).await,
            "curl" => self.curl(words).await,
            "partition" => self.partition(words).await,
            "blackhole" => self.blackhole(words),
            "delay" => self.delay(words),
            "heal" => self.heal(words).await,
            "drop" | "dup" | "hold" => self.rule(command, words),
            "release" => self.release(words),
            "rules" => self.list_rules(words),
            "clear" => self.clear(words),
            "kill" => self.kill(words).await,
            "pause" => self.pause(words).await,
            "resume" => self.resume(words).await,
            "restart" => self.restart(words).await,
            "start" => self.start(words).await,
            "crash" => self.crash(words).await,
            "disconnect" => self.disconnect(words).await,
            "connect" => self.connect(words).await,
            "store" => self.store(words).await,
            "script" => self.script_command(words).await,
            "wait" => self.wait(words).await,
            "expect" => self.expect(words).await,
            "keep" => self.keep(words),
            "help" => self.help(words),
            // What to print for a command that does not exist.
            _ => Err(USAGE.into()),
        }
    }

    fn help(&self, mut words: Words<'_>) -> Said {
        match words.optional()? {
            None => Ok(overview(self.part(), columns())),
            Some(name) => COMMANDS.help(name),
        }
    }

    /// The line with what its variables stand for.
    fn filled_in(&self, line: &str) -> String {
        let path = |path: &PathBuf| path.to_string_lossy().into_owned();
        let mut line = line
            .replace("$DATA", &path(&self.place.data))
            .replace("$TMP", &path(&self.place.scratch));
        for (name, answer) in &self.kept {
            line = line.replace(&format!("${name}"), answer);
        }
        line
    }

    /// A node and a server of it, as they are typed. Tells a person who wrote the server first.
    fn whose<'w>(
        &self,
        command: &str,
        words: &mut Words<'w>,
    ) -> Result<(&'w str, &'w str), String> {
        let everyone = self.cluster.everyone();
        let is_node = |word: &str| everyone.iter().any(|node| node == word);
        let whose = Whose::read(command, words, is_node)?;
        if let Some(hint) = whose.hint {
            self.screen.print(hint);
        }
        Ok((whose.node, whose.server))
    }

    /// A node that there is, whatever its state.
    fn known(&self, node: &str) -> Result<(), String> {
        words::known(node, &self.cluster.everyone())
    }

    /// A node that runs.
    fn runs(&self, node: &str) -> Result<(), String> {
        match self.alive(node)? {
            Standing::Paused => Err(format!("{node} is paused; run `resume {node}` first.")),
            _ => Ok(()),
        }
    }

    /// A node that was not killed.
    fn alive(&self, node: &str) -> Result<Standing, String> {
        self.known(node)?;
        match self.cluster.standing(node) {
            Some(Standing::Killed) | None => Err(format!(
                "{node} is not running; `restart {node}` starts it again."
            )),
            Some(standing) => Ok(standing),
        }
    }
}

/// A verdict, as a sentence for a user at a prompt.
pub(super) fn in_words(stop: Stop) -> String {
    match Verdict::from(stop) {
        Verdict::Passed { property } => property,
        Verdict::Failed(failure) => {
            let mut text = sentence(&failure.seen);
            let said = failure.stderr.as_ref();
            for line in said
                .iter()
                .flat_map(|said| said.lines.iter().rev().take(5).rev())
            {
                text.push_str(&format!("\n  {line}"));
            }
            text
        }
        Verdict::NotWritten { gap } => format!("A node reached {gap}, which is not written yet."),
        Verdict::Inconclusive { why } => sentence(
            why.strip_prefix("The fault had no effect: ")
                .unwrap_or(&why),
        ),
        Verdict::CheckerFault { why } => why,
    }
}

/// How long a person waits for what the runtime does by itself.
const PATIENCE: Duration = Duration::from_secs(10);
