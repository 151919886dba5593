//! Questions about a service: what was asked of its nodes over HTTP, what they asked their store,
//! and what they told each other of links.

use serde_json::Value;

use super::evidence::Sent;
use super::{Case, Untold};
use crate::trace::What;

/// A request of the checker, and what became of it.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// When it was made; if it was not answered, this is not known, and is the time of its end.
    pub from_us: u64,
    /// When the answer was there, or the checker gave up.
    pub at_us: u64,
    /// Who was asked.
    pub node: &'a str,
    /// `GET /abc`
    pub question: &'a str,
    /// `302 https://example.org/`
    pub answer: &'a str,
    /// How long it took, if it was answered.
    pub took_us: Option<u64>,
}

impl<'a> Asked<'a> {
    /// The status of the answer.
    pub fn status(&self) -> Option<u16> {
        self.answer.split(' ').next()?.parse().ok()
    }

    /// Whether something happened while it was under way: its beginning is only known by how long
    /// it took, which a busy machine makes a little less.
    pub fn covers(&self, at_us: u64) -> bool {
        (self.from_us.saturating_sub(20_000)..=self.at_us).contains(&at_us)
    }

    /// The code that was followed.
    pub fn followed(&self) -> Option<&'a str> {
        let path = self.question.strip_prefix("GET /")?;
        let is_code = !path.is_empty() && !path.contains(['/', '…']);
        is_code.then_some(path)
    }

    /// The URL for which a link was asked, when nothing else was asked with it.
    pub fn url(&self) -> Option<&'a str> {
        let url = self.question.strip_prefix("POST / url=")?;
        (!url.contains([' ', '…'])).then_some(url)
    }

    /// The code of the link that was created.
    pub fn created(&self) -> Option<&'a str> {
        let code = self.answer.strip_prefix("201 ")?;
        self.question.starts_with("POST / ").then_some(code)
    }
}

/// A command that a node gave its store.
#[derive(Debug, Clone, Copy)]
pub struct Command<'a> {
    /// When.
    pub at_us: u64,
    /// Who gave it.
    pub node: &'a str,
    /// In upper case.
    pub name: &'a str,
    /// What it is about.
    pub key: &'a str,
    /// What stood behind the name.
    pub args: &'a [String],
    /// Whether it came to the store.
    pub forwarded: bool,
}

impl<'a> Command<'a> {
    /// The code of the link that it is about.
    pub fn code(&self) -> Option<&'a str> {
        self.key.strip_prefix("link:")
    }

    /// The code of the link that it reads.
    pub fn reads(&self) -> Option<&'a str> {
        self.code().filter(|_| self.name == "GET")
    }

    /// The code of the link that it stores, and the text that it stores for it.
    pub fn stores(&self) -> Option<(&'a str, &'a str)> {
        let code = self.code().filter(|_| self.name == "SET")?;
        Some((code, self.args.get(1)?))
    }

    /// The code of the link that it removes.
    pub fn removes(&self) -> Option<&'a str> {
        let removes = matches!(self.name, "EVAL" | "EVALSHA" | "DEL" | "UNLINK" | "GETDEL");
        self.code().filter(|_| removes)
    }
}

/// A link that one node told another.
#[derive(Debug, Clone, Copy)]
pub struct Telling<'a> {
    /// The message in which it stood.
    pub sent: Sent<'a>,
    /// The link's code.
    pub code: &'a str,
    /// Where it leads.
    pub url: &'a str,
    /// When it ends, in milliseconds since 1970.
    pub ends: Option<u64>,
}

impl<'a> Case<'a> {
    /// The requests of the checker, in the order of their answers.
    pub fn requests(&self) -> Vec<Asked<'a>> {
        let asked = self.events().filter_map(|event| match &event.what {
            What::Request {
                node,
                question,
                answer,
                took_us,
            } => Some(Asked {
                from_us: event.at_us.saturating_sub(took_us.unwrap_or_default()),
                at_us: event.at_us,
                node,
                question,
                answer,
                took_us: *took_us,
            }),
            _ => None,
        });
        asked.collect()
    }

    /// The commands that nodes gave their store, in the order of their coming.
    pub fn commands(&self) -> Vec<Command<'a>> {
        let commands = self.events().filter_map(|event| match &event.what {
            What::Store {
                node,
                command,
                key,
                args,
                forwarded,
            } => Some(Command {
                at_us: event.at_us,
                node,
                name: command,
                key: key.as_deref().unwrap_or_default(),
                args,
                forwarded: *forwarded,
            }),
            _ => None,
        });
        commands.collect()
    }
    /// When the claim was found not to hold; at the end, if that is not known.
    pub fn failure_at(&self) -> u64 {
        let trace = self.trace();
        trace.map_or(0, |trace| {
            let violation = trace.violation.as_ref();
            violation.map_or(trace.ended_us, |violation| violation.at_us)
        })
    }
    /// The links that nodes told each other, in the order of their sending.
    pub fn tellings(&self) -> Vec<Telling<'a>> {
        let mut tellings = Vec::new();
        for sent in self.messages().iter() {
            if let Some(body) = &sent.message.body {
                gather(*sent, body, &mut tellings);
            }
        }
        tellings
    }
}

/// Knowledge that did not come over the network.
pub fn shares_a_disk(case: &Case) -> Option<String> {
    let Untold::Untold { node } = case.fact()?;
    Some(format!(
        "{node} knows something that no message had told it"
    ))
}
/// Looks for codes with their links behind them, at any depth.
fn gather<'a>(sent: Sent<'a>, of: &'a Value, tellings: &mut Vec<Telling<'a>>) {
    match of {
        Value::Array(items) => {
            for (place, item) in items.iter().enumerate() {
                let code = place
                    .checked_sub(1)
                    .and_then(|before| items[before].as_str());
                let url = item.get("url").and_then(Value::as_str);
                if let (Some(code), Some(url)) = (code, url) {
                    let ends = item.get("expires_at").and_then(Value::as_u64);
                    tellings.push(Telling {
                        sent,
                        code,
                        url,
                        ends,
                    });
                }
                gather(sent, item, tellings);
            }
        }
        Value::Object(fields) => {
            for field in fields.values() {
                gather(sent, field, tellings);
            }
        }
        _ => {}
    }
}
