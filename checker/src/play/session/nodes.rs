//! Commands that look at nodes, start them, and end them.

use prompt::command::Words;

use super::{PATIENCE, Said, Session, Standing, in_words};
use crate::play::words::list;

/// The most nodes that one cluster may have. Each is connected to each other.
const MOST_NODES: usize = 30;

/// How many lines of a log are shown, if nobody says how many.
const LINES: usize = 20;

impl Session<'_> {
    pub(super) async fn nodes(&self, mut words: Words<'_>) -> Said {
        words.end()?;
        let frames = self.cluster.frames().of_programs();
        let mut lines = Vec::new();
        for node in self.cluster.everyone() {
            let sent = frames.clone().from(&node).count();
            let got = frames.clone().to(&node).delivered().count();
            let (state, lists) = match self.cluster.standing(&node) {
                Some(Standing::Running) => {
                    let lists = match self.cluster.glance(&node).await {
                        Some(nodes) if nodes.is_empty() => "lists no other".to_owned(),
                        Some(nodes) => format!("lists {}", list(&nodes)),
                        None => "does not say which nodes it lists".to_owned(),
                    };
                    ("running", lists)
                }
                Some(Standing::Paused) => ("paused", String::new()),
                Some(Standing::Killed) | None => ("ended", String::new()),
            };
            lines.push(format!("{node:<4} {state:<8} sent {sent}, got {got}"));
            if !lists.is_empty() {
                lines.push(format!("     {lists}"));
            }
            if state == "running"
                && let Some(url) = self.url(&node).await
            {
                lines.push(format!("     {url}"));
            }
        }
        Ok(lines.join("\n"))
    }

    pub(super) fn logs(&self, mut words: Words<'_>) -> Said {
        let node = words.required()?;
        self.known(node)?;
        let most = match words.optional()? {
            None => LINES,
            Some(word) => word
                .parse()
                .map_err(|_| format!("{word:?} is not a number of lines."))?,
        };
        let logs = self.cluster.logs_of(node);
        let last = &logs[logs.len().saturating_sub(most)..];
        let lines: Vec<String> = last
            .iter()
            .map(|line| format!("{:9.3}  {}", line.at_us as f64 / 1e6, line.text))
            .collect();
        Ok(match lines.is_empty() {
            true => format!("{node} has written nothing."),
            false => lines.join("\n"),
        })
    }

    pub(super) async fn kill(&self, mut words: Words<'_>) -> Said {
        let mut ahead = words.clone();
        if let (Some(_), Some(_), None) = (ahead.next(), ahead.next(), ahead.next()) {
            self.screen
                .print("`kill` ends a whole node; this crashes the server.");
            return self.crash(words).await;
        }
        let node = words.last()?;
        self.alive(node)?;
        self.cluster.kill(node).await.map_err(in_words)?;
        Ok(format!("{node} is gone, and remembers nothing."))
    }

    pub(super) async fn pause(&self, mut words: Words<'_>) -> Said {
        let node = words.last()?;
        self.runs(node)?;
        self.cluster.pause(node).await.map_err(in_words)?;
        let seconds = self.place.tick_time.as_secs();
        Ok(format!(
            "{node} is paused.\nThe others list it until {seconds} s have passed."
        ))
    }

    pub(super) async fn resume(&self, mut words: Words<'_>) -> Said {
        let node = words.last()?;
        if self.alive(node)? != Standing::Paused {
            return Err(format!("{node} is not paused."));
        }
        self.cluster.resume(node).await.map_err(in_words)?;
        Ok(format!("{node} resumes."))
    }

    pub(super) async fn restart(&self, mut words: Words<'_>) -> Said {
        let node = words.last()?;
        self.known(node)?;
        self.cluster.restart(node).await.map_err(in_words)?;
        self.is_up(node).await
    }

    pub(super) async fn start(&self, mut words: Words<'_>) -> Said {
        let node = words.last()?;
        let proper = node
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "-_".contains(c));
        if !proper || node.len() > 20 || node == "manager" {
            return Err(format!(
                "{node:?} is not a name for a node; n6 would be one."
            ));
        }
        let everyone = self.cluster.everyone();
        if everyone.iter().any(|known| known == node) {
            return Err(match self.alive(node) {
                Ok(_) => format!("There is already a node {node}."),
                Err(complaint) => complaint,
            });
        }
        if everyone.len() >= MOST_NODES {
            return Err(format!(
                "There are {MOST_NODES} nodes already, which is the maximum."
            ));
        }
        let joined = self.cluster.join(node).await;
        self.names.set_nodes(self.cluster.everyone());
        joined.map_err(in_words)?;
        self.is_up(node).await
    }

    pub(super) async fn crash(&self, mut words: Words<'_>) -> Said {
        let (node, server) = self.whose("crash", &mut words)?;
        words.end()?;
        self.runs(node)?;
        let crashed = self.cluster.crash_together(node, &[server]).await;
        crashed.map_err(in_words)?;
        Ok(format!("{node}'s {server} has crashed."))
    }

    pub(super) async fn disconnect(&self, mut words: Words<'_>) -> Said {
        let (node, from) = (words.required()?, words.last()?);
        self.two(node, from)?;
        let parted = self.cluster.disconnect(node, from).await;
        parted.map_err(in_words)?;
        Ok(format!("{node} and {from} are disconnected."))
    }

    pub(super) async fn connect(&self, mut words: Words<'_>) -> Said {
        let (node, to) = (words.required()?, words.last()?);
        self.two(node, to)?;
        let connected = tokio::time::timeout(PATIENCE, self.cluster.connect(node, to)).await;
        match connected {
            Ok(connected) => connected.map_err(in_words)?,
            Err(_) => return Err(format!("{node} did not connect to {to} within 10 s.")),
        }
        Ok(format!("{node} and {to} are connected."))
    }

    fn two(&self, node: &str, other: &str) -> Result<(), String> {
        self.runs(node)?;
        self.known(other)?;
        match node == other {
            true => Err("A node has no connection to itself.".into()),
            false => Ok(()),
        }
    }

    async fn is_up(&self, node: &str) -> Said {
        let at = match self.url(node).await {
            Some(url) => format!(" It serves {url}"),
            None => String::new(),
        };
        Ok(format!("{node} is up, and connected.{at}"))
    }

    /// Where a node serves HTTP, if its part does.
    async fn url(&self, node: &str) -> Option<String> {
        if !self.part().serves_http {
            return None;
        }
        let address = self.cluster.http_address(node).await.ok()?;
        Some(format!("http://{address}/"))
    }
}
