//! Monitors of the person at the prompt. Only a process can monitor another one, so the shell
//! runs a server for it.

use std::collections::BTreeMap;

use runtime::{Address, Ctx, Info, Monitor, ProcessId, Reply, Server};
use serde::{Deserialize, Serialize};

use prompt::message::Written;
use prompt::screen::Screen;

/// Watches processes and prints how they end.
pub(crate) struct Watchman {
    screen: Screen,
    last: u64,
    watched: BTreeMap<u64, (Monitor, String)>,
}

/// What the prompt asks of the watchman.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum WatchMsg {
    /// Tell when that process ends; answers the number of the monitor. The text is for people.
    Monitor(Address<Written>, String, Reply<u64>),
    /// No longer tell; answers whether there was such a monitor.
    Demonitor(u64, Reply<bool>),
    /// The monitors that have not fired, by number.
    List(Reply<Vec<(u64, String)>>),
    /// The watchman's own process id, by which the shell knows its node's creation.
    Id(Reply<ProcessId>),
}

impl Server for Watchman {
    type Msg = WatchMsg;
    type Args = Screen;

    async fn init(screen: Screen, _: &Ctx<WatchMsg>) -> Self {
        Watchman {
            screen,
            last: 0,
            watched: BTreeMap::new(),
        }
    }

    async fn handle(&mut self, msg: WatchMsg, ctx: &Ctx<WatchMsg>) {
        match msg {
            WatchMsg::Monitor(whom, label, reply) => {
                self.last += 1;
                self.watched.insert(self.last, (ctx.monitor(&whom), label));
                reply.send(self.last);
            }
            WatchMsg::Demonitor(number, reply) => {
                let watched = self.watched.remove(&number);
                if let Some((monitor, _)) = &watched {
                    ctx.demonitor(*monitor);
                }
                reply.send(watched.is_some());
            }
            WatchMsg::List(reply) => {
                let labels = self.watched.iter();
                reply.send(
                    labels
                        .map(|(number, (_, label))| (*number, label.clone()))
                        .collect(),
                );
            }
            WatchMsg::Id(reply) => reply.send(ctx.id()),
        }
    }

    async fn handle_info(&mut self, info: Info, _: &Ctx<WatchMsg>) {
        let Info::Down { monitor, reason } = info else {
            return;
        };
        let ours = self.watched.iter().find(|(_, (ours, _))| *ours == monitor);
        let number = ours.map(|(number, _)| *number);
        // There is none if it was withdrawn while the notice lay in the mailbox.
        if let Some(number) = number
            && let Some((_, label)) = self.watched.remove(&number)
        {
            self.screen
                .print(format!("Down (monitor {number}): {label}: {reason}."));
        }
    }
}
