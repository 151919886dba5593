//! The command that breaks the store, and looks into it.

use prompt::command::{USAGE, Words};
use prompt::time::{duration, in_words as time_in_words};

use super::{Said, Session, in_words};
use crate::play::words::{self, list};

/// The most keys that are listed.
const KEYS: usize = 50;

impl Session<'_> {
    pub(super) async fn store(&mut self, mut words: Words<'_>) -> Said {
        if !self.part().serves_http {
            return Err("The nodes of this part use no store.".into());
        }
        match words.required()? {
            "get" => {
                let key = words.last()?;
                let got = self.cluster.store_get(key).await.map_err(in_words)?;
                Ok(got.unwrap_or_else(|| format!("There is no key {key:?}.")))
            }
            "keys" => {
                let beginning = words.optional()?.unwrap_or_default();
                let keys = self.cluster.store_keys(beginning).await;
                let keys = keys.map_err(in_words)?;
                Ok(match keys.len() {
                    0 => "There are none.".to_owned(),
                    n if n > KEYS => {
                        format!("{}\n… and {} more", keys[..KEYS].join("\n"), n - KEYS)
                    }
                    _ => keys.join("\n"),
                })
            }
            fault => self.store_fault(fault, words),
        }
    }

    fn store_fault(&mut self, fault: &str, mut words: Words<'_>) -> Said {
        let by = match fault {
            "slow" => Some(duration(words.required()?)?),
            _ => None,
        };
        let mut nodes = words::words(words.rest());
        let everyone = self.cluster.everyone();
        for node in &nodes {
            words::known(node, &everyone)?;
        }
        if nodes.is_empty() {
            nodes = everyone;
        }
        let what = match (fault, by) {
            ("refuse", _) => {
                self.cluster.store_refused(&nodes);
                "refuses".to_owned()
            }
            ("stall", _) => {
                self.cluster.store_stalled(&nodes);
                "is paused for".to_owned()
            }
            ("mute", _) => {
                self.cluster.store_answers_stalled(&nodes);
                "does not answer".to_owned()
            }
            ("slow", Some(by)) => {
                self.cluster.store_slow(&nodes, by);
                format!("is {} late for", time_in_words(by))
            }
            ("back", _) => {
                self.cluster.store_back(&nodes);
                for node in &nodes {
                    self.stores.remove(node);
                }
                return Ok(format!("The store is back for {}.", list(&nodes)));
            }
            _ => return Err(USAGE.into()),
        };
        for node in &nodes {
            self.stores.insert(node.clone(), what.clone());
        }
        Ok(format!("The store {what} {}.", list(&nodes)))
    }
}
