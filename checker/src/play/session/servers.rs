//! Commands that talk to servers, in messages or over HTTP.

use ciborium::Value;
use prompt::command::{USAGE, Words};
use prompt::message::{Sent, Written, read, show, split_within};
use prompt::time::patience;
use runtime::system::{NODE, NodeMsg};
use runtime::{CallError, Reply, ServerName};

use super::{Said, Session, in_words};
use report::words::sentence;
use testkit::cluster::Request;

/// How long an answer is waited for, if nobody says how long.
const WITHIN: std::time::Duration = std::time::Duration::from_secs(5);

/// The most lines of an HTTP answer's body that are shown.
const BODY_LINES: usize = 20;

impl Session<'_> {
    pub(super) async fn call(&self, mut words: Words<'_>) -> Said {
        let (node, server) = self.whose("call", &mut words)?;
        self.alive(node)?;
        let (text, within) = split_within(words.rest());
        let within = within.map_or(Ok(WITHIN), patience)?;
        let message = read(text, Sent::ForAnAnswer)?;
        let server = ServerName::<Written>::dynamic(server);
        let asked = self
            .cluster
            .call_within(within, node, &server, |_: Reply<Value>| Written(message))
            .await;
        match asked {
            Ok(value) => Ok(show(&value)),
            Err(unanswered) => Err(match &unanswered.error {
                // It never did, as far as is known here.
                CallError::NotUnderstood(why) => sentence(&format!(
                    "{node}'s {} does not understand that: {why}",
                    server.as_str()
                )),
                _ => sentence(&unanswered.to_string()),
            }),
        }
    }

    pub(super) async fn send(&self, mut words: Words<'_>) -> Said {
        let (node, server) = self.whose("send", &mut words)?;
        self.alive(node)?;
        let message = read(words.rest(), Sent::AsIs)?;
        let to = ServerName::<Written>::dynamic(server);
        let sent = self.cluster.cast(node, &to, Written(message)).await;
        sent.map_err(in_words)?;
        Ok(format!("Sent to {node}'s {server}."))
    }

    pub(super) async fn servers(&self, mut words: Words<'_>) -> Said {
        let node = words.last()?;
        self.runs(node)?;
        let asked = self.cluster.call(node, &NODE, NodeMsg::Servers).await;
        let servers = asked.map_err(|unanswered| sentence(&unanswered.to_string()))?;
        let lines = servers.into_iter().filter_map(|(name, waiting)| {
            match (name.starts_with('$'), waiting) {
                (true, _) => None,
                (false, 0) => Some(name),
                (false, 1) => Some(format!("{name}  (1 message waits)")),
                (false, waiting) => Some(format!("{name}  ({waiting} messages wait)")),
            }
        });
        Ok(lines.collect::<Vec<_>>().join("\n"))
    }

    pub(super) async fn curl(&self, mut words: Words<'_>) -> Said {
        let (node, path) = (words.required()?, words.required()?);
        if !self.part().serves_http {
            return Err("The nodes of this part do not serve HTTP.".into());
        }
        self.alive(node)?;
        let mut fields = Vec::new();
        while let Some(word) = words.next() {
            fields.push(word.split_once('=').ok_or(USAGE)?);
        }
        let path = format!("/{}", path.trim_start_matches('/'));
        if !path.chars().all(|c| c.is_ascii_graphic()) {
            return Err(format!(
                "{path:?} is not a path: write a character that is not ASCII like this: %C3%A4."
            ));
        }
        let request = match fields.is_empty() {
            true => Request::get(path),
            false => Request::form(path, &fields),
        };
        let asked = self.cluster.request(node, &request).await;
        let answer = asked.map_err(|silent| sentence(&silent.to_string()))?;
        let mut lines = vec![answer.status.to_string()];
        lines.extend(answer.location.map(|to| format!("location: {to}")));
        lines.extend(
            answer
                .retry_after
                .map(|time| format!("retry-after: {time}")),
        );
        lines.extend(answer.body.lines().take(BODY_LINES).map(str::to_owned));
        Ok(lines.join("\n"))
    }
}
