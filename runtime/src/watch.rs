//! Monitors and links: how a process learns that another one ended.
//!
//! A *watch* has a number, unique on the watcher's node. The watched process's node keeps it and
//! sends word when the process ends. When the connection between the two goes first, each node
//! draws the only possible conclusion: the other side is gone, as far as this node knows.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use tracing::debug;

use crate::line::Line;
use crate::name::NodeName;
use crate::node::Inner;
use crate::peers::Intent;
use crate::process::Process;
use crate::process_id::ExitReason;
use crate::server::{Info, Monitor};
use crate::wire::{Header, Target};

/// Where a notice goes when a process of this node ends.
pub(crate) enum Watcher {
    /// A process of this node, under this number in [`Watches`].
    Local(u64),
    /// A process at the other end of that line, under the other node's number.
    Remote(Arc<Line>, u64),
}

impl Watcher {
    fn is(&self, line: &Line, watch: u64) -> bool {
        matches!(self, Watcher::Remote(other, number) if other.id() == line.id() && *number == watch)
    }
}

/// The watches of this node's processes, on processes anywhere.
#[derive(Default)]
pub(crate) struct Watches(Mutex<BTreeMap<u64, Watch>>);

struct Watch {
    watcher: Arc<Process>,
    node: NodeName,
    target: Target,
    /// The line over which the notice will arrive; `None` for a process of this node.
    line: Option<Arc<Line>>,
    linked: bool,
}

impl Inner {
    /// Makes sure that `watcher` gets one notice when the target ends; returns the number of the watch.
    pub(crate) fn watch(
        self: &Arc<Self>,
        watcher: &Arc<Process>,
        node: &NodeName,
        target: &Target,
        linked: bool,
    ) -> u64 {
        let number = self.numbers.next();
        let line = (node != self.name()).then(|| self.line_to(node, Intent::Asked));
        let watch = Watch {
            watcher: watcher.clone(),
            node: node.clone(),
            target: target.clone(),
            line: line.clone(),
            linked,
        };
        self.watches.0.lock().unwrap().insert(number, watch);
        match line {
            Some(line) => {
                let serial = linked.then_some(watcher.serial);
                if !line.push(
                    self.clock.stamp(),
                    &Header::Watch(number, target.clone(), serial),
                    &Bytes::new(),
                ) {
                    self.watch_fired(number, ExitReason::NodeDown);
                }
            }
            None => {
                let watched = self.processes.find(target);
                let told = watched.is_some_and(|process| {
                    let mut watchers = process.watchers.lock().unwrap();
                    watchers
                        .as_mut()
                        .map(|watchers| watchers.push(Watcher::Local(number)))
                        .is_some()
                });
                if !told {
                    self.watch_fired(number, ExitReason::NoProcess);
                }
            }
        }
        number
    }

    /// Ends a watch before it fires.
    pub(crate) fn unwatch(&self, number: u64) {
        let Some(watch) = self.watches.0.lock().unwrap().remove(&number) else {
            return;
        };
        match watch.line {
            Some(line) => {
                line.push(self.clock.stamp(), &Header::Unwatch(number), &Bytes::new());
            }
            None => {
                if let Some(process) = self.processes.find(&watch.target)
                    && let Some(watchers) = process.watchers.lock().unwrap().as_mut()
                {
                    watchers.retain(
                        |watcher| !matches!(watcher, Watcher::Local(other) if *other == number),
                    );
                }
            }
        }
    }

    /// The watched process ended, or nobody here can know whether it still runs.
    pub(crate) fn watch_fired(&self, number: u64, reason: ExitReason) {
        let Some(watch) = self.watches.0.lock().unwrap().remove(&number) else {
            return;
        };
        if !watch.linked {
            watch.watcher.mailbox.put_info(Info::Down {
                monitor: Monitor(number),
                reason,
            });
        } else if !reason.is_normal() {
            debug!(
                "{} ends with {} at {}, which it is linked to",
                watch.watcher.label(),
                watch.target,
                watch.node
            );
            let _ = watch.watcher.exit.send(reason);
        }
    }

    /// Another node wants to be told when a process of this one ends.
    pub(crate) fn watch_asked(&self, line: &Arc<Line>, number: u64, target: &Target, linked: bool) {
        let watched = self.processes.find(target).filter(|process| {
            let mut watchers = process.watchers.lock().unwrap();
            watchers
                .as_mut()
                .map(|watchers| watchers.push(Watcher::Remote(line.clone(), number)))
                .is_some()
        });
        match watched {
            Some(process) => {
                line.watched
                    .lock()
                    .unwrap()
                    .insert(number, (process.serial, linked));
            }
            None => {
                line.push(
                    self.clock.stamp(),
                    &Header::Ended(number, ExitReason::NoProcess),
                    &Bytes::new(),
                );
            }
        }
    }

    /// Another node no longer wants to be told.
    pub(crate) fn unwatch_asked(&self, line: &Line, number: u64) {
        if let Some((serial, _)) = line.watched.lock().unwrap().remove(&number) {
            self.forget_watcher(line, number, serial);
        }
    }

    /// A process of this node ended: notifies all its watchers, and ends the linked processes.
    pub(crate) fn tell_watchers(&self, process: &Arc<Process>, reason: &ExitReason) {
        let watchers = process.watchers.lock().unwrap().take();
        for watcher in watchers.into_iter().flatten() {
            match watcher {
                Watcher::Local(number) => self.watch_fired(number, reason.clone()),
                Watcher::Remote(line, number) => {
                    line.watched.lock().unwrap().remove(&number);
                    line.push(
                        self.clock.stamp(),
                        &Header::Ended(number, reason.clone()),
                        &Bytes::new(),
                    );
                }
            }
        }
        let own: Vec<(u64, Watch)> = {
            let mut watches = self.watches.0.lock().unwrap();
            watches
                .extract_if(.., |_, watch| watch.watcher.serial == process.serial)
                .collect()
        };
        for (number, watch) in own {
            let ends_too = watch.linked && !reason.is_normal();
            match watch.line {
                Some(line) if ends_too => {
                    line.push(
                        self.clock.stamp(),
                        &Header::Exit(watch.target, reason.clone()),
                        &Bytes::new(),
                    );
                }
                Some(line) => {
                    line.push(self.clock.stamp(), &Header::Unwatch(number), &Bytes::new());
                }
                None if ends_too => self.exit_here(&watch.target, reason.clone()),
                None => {}
            }
        }
    }

    /// A line is gone: every process that was watched over it is considered gone, in both directions.
    pub(crate) fn watches_lost(&self, line: &Arc<Line>) {
        let lost: Vec<u64> = {
            let watches = self.watches.0.lock().unwrap();
            let over_line = |watch: &Watch| {
                watch
                    .line
                    .as_ref()
                    .is_some_and(|other| other.id() == line.id())
            };
            watches
                .iter()
                .filter(|(_, watch)| over_line(watch))
                .map(|(number, _)| *number)
                .collect()
        };
        for number in lost {
            self.watch_fired(number, ExitReason::NodeDown);
        }
        for (number, (serial, linked)) in std::mem::take(&mut *line.watched.lock().unwrap()) {
            self.forget_watcher(line, number, serial);
            if linked {
                self.exit_here(
                    &Target::Process(self.creation(), serial),
                    ExitReason::NodeDown,
                );
            }
        }
    }

    /// Ends a process of this node.
    pub(crate) fn exit_here(&self, target: &Target, reason: ExitReason) {
        if let Some(process) = self.processes.find(target) {
            let _ = process.exit.send(reason);
        }
    }

    /// Kills processes of this node, with nothing in between that one of them could react to.
    pub(crate) fn kill_together(&self, names: &[String]) {
        let find = |name: &String| self.processes.find(&Target::Name(name.clone()));
        let processes: Vec<_> = names.iter().filter_map(find).collect();
        for process in processes {
            let _ = process.exit.send(ExitReason::Killed);
        }
    }

    fn forget_watcher(&self, line: &Line, number: u64, serial: u64) {
        if let Some(process) = self
            .processes
            .find(&Target::Process(self.creation(), serial))
            && let Some(watchers) = process.watchers.lock().unwrap().as_mut()
        {
            watchers.retain(|watcher| !watcher.is(line, number));
        }
    }
}
