//! The server that owns this node's global names, and knows the others'.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::join_all;
use serde::Serialize;
use tracing::warn;

use super::claim::{self, Verdict};
use super::{GLOBAL, GlobalMsg, RegisterError, Resolver};
use crate::ctx::Ctx;
use crate::name::NodeName;
use crate::process_id::{ExitReason, ProcessId};
use crate::reply::Reply;
use crate::server::{Info, Monitor, Server};
use crate::wire::Target;

/// Decides on the names of this node's processes, and follows what the others decide.
#[derive(Default)]
pub(crate) struct GlobalServer {
    /// The nodes that are connected. A message that still arrives from another node is old.
    up: BTreeSet<NodeName>,
    /// The claims that this node has granted for names that no process has yet: the node, and its attempt.
    granted: BTreeMap<String, (NodeName, u64)>,
    /// The attempts of this node that are under way.
    attempts: BTreeMap<u64, Attempt>,
    /// The names that processes of this node have.
    owned: BTreeMap<String, Owned>,
}

struct Attempt {
    name: String,
    process: ProcessId,
    resolver: Resolver,
    reply: Reply<Result<(), RegisterError>>,
}

struct Owned {
    process: ProcessId,
    monitor: Monitor,
    resolver: Resolver,
}

impl Server for GlobalServer {
    type Msg = GlobalMsg;
    type Args = ();

    async fn init(_: (), ctx: &Ctx<GlobalMsg>) -> Self {
        // A hidden node has names of its own, which no other node sees.
        if !ctx.config().hidden {
            ctx.watch_nodes();
        }
        GlobalServer::default()
    }

    async fn handle(&mut self, msg: GlobalMsg, ctx: &Ctx<GlobalMsg>) {
        let names = &ctx.inner().global_names;
        match msg {
            GlobalMsg::Register {
                name,
                target,
                resolver,
                reply,
            } => {
                let Some(process) = ctx.inner().processes.find(&target) else {
                    return reply.send(Err(RegisterError::NoProcess));
                };
                let process = process.id(ctx.inner());
                self.attempt(
                    Attempt {
                        name,
                        process,
                        resolver,
                        reply,
                    },
                    ctx,
                );
            }
            GlobalMsg::Unregister(name, reply) => {
                let was_owned = self.disown(&name, ctx).is_some();
                tell_when_all_know(reply, was_owned, ctx);
            }
            GlobalMsg::View(reply) => reply.send(ctx.global().registered()),
            GlobalMsg::Claim {
                name,
                by,
                attempt,
                reply,
            } => reply.send(self.judge(name, by, attempt, ctx)),
            GlobalMsg::Release(name, by, attempt) => {
                if self.granted.get(&name) == Some(&(by, attempt)) {
                    self.granted.remove(&name);
                }
            }
            GlobalMsg::Settled(attempt, outcome) => self.settled(attempt, outcome, ctx),
            GlobalMsg::Registered(name, process) if self.up.contains(&process.node) => {
                if self
                    .granted
                    .get(&name)
                    .is_some_and(|(by, _)| *by == process.node)
                {
                    self.granted.remove(&name);
                }
                names.put(&name, process);
                self.resolve(&name, ctx);
            }
            GlobalMsg::Unregistered(name, node) if self.up.contains(&node) => {
                names.remove(&name, &node)
            }
            GlobalMsg::Snapshot(node, theirs) if self.up.contains(&node) => {
                names.remove_node(&node);
                for (name, process) in theirs
                    .into_iter()
                    .filter(|(_, process)| process.node == node)
                {
                    names.put(&name, process);
                    self.resolve(&name, ctx);
                }
            }
            GlobalMsg::Sync(reply) => reply.send(()),
            GlobalMsg::Registered(..) | GlobalMsg::Unregistered(..) | GlobalMsg::Snapshot(..) => {}
        }
    }

    async fn handle_info(&mut self, info: Info, ctx: &Ctx<GlobalMsg>) {
        let names = &ctx.inner().global_names;
        match info {
            Info::NodeUp(node) => {
                let ours = names.of_node(ctx.name());
                if !ours.is_empty() {
                    ctx.cast_linked(
                        &node,
                        &GLOBAL,
                        GlobalMsg::Snapshot(ctx.name().clone(), ours),
                    );
                }
                self.up.insert(node);
            }
            Info::NodeDown(node) => {
                self.up.remove(&node);
                self.granted.retain(|_, (by, _)| *by != node);
                names.remove_node(&node);
            }
            Info::Down { monitor, .. } => {
                let ended = self
                    .owned
                    .iter()
                    .find(|(_, owned)| owned.monitor == monitor);
                if let Some(name) = ended.map(|(name, _)| name.clone()) {
                    self.disown(&name, ctx);
                }
            }
            _ => {}
        }
    }
}

impl GlobalServer {
    /// Begins to ask all nodes for a name.
    fn attempt(&mut self, attempt: Attempt, ctx: &Ctx<GlobalMsg>) {
        let number = ctx.inner().numbers.next();
        let (name, own) = (attempt.name.clone(), ctx.clone());
        self.attempts.insert(number, attempt);
        ctx.spawn(async move {
            let outcome = claim::everywhere(&own, &name, number).await;
            own.send_self(GlobalMsg::Settled(number, outcome));
        });
    }

    /// Every node has granted the name, or one has not.
    fn settled(&mut self, number: u64, outcome: Result<(), RegisterError>, ctx: &Ctx<GlobalMsg>) {
        let Some(attempt) = self.attempts.remove(&number) else {
            return;
        };
        let Attempt {
            name,
            process,
            resolver,
            reply,
        } = attempt;
        let names = &ctx.inner().global_names;
        // A node that has only now come up may have brought the name along.
        let taken = names
            .whereis(&name)
            .map(|by| RegisterError::Taken(by.address()));
        if let Err(error) = outcome.and(taken.map_or(Ok(()), Err)) {
            claim::release(ctx, &name, number);
            return reply.send(Err(error));
        }
        names.put(&name, process.clone());
        let monitor = ctx.monitor(&process.address::<()>());
        self.owned.insert(
            name.clone(),
            Owned {
                process: process.clone(),
                monitor,
                resolver,
            },
        );
        ctx.cast_all_linked(&GLOBAL, &GlobalMsg::Registered(name.clone(), process));
        claim::release(ctx, &name, number);
        tell_when_all_know(reply, Ok(()), ctx);
    }

    /// Whether another node, or this one, may have a name.
    fn judge(&mut self, name: String, by: NodeName, attempt: u64, ctx: &Ctx<GlobalMsg>) -> Verdict {
        if by != *ctx.name() && !self.up.contains(&by) {
            return Verdict::Busy;
        }
        if let Some(owner) = ctx.inner().global_names.whereis(&name) {
            return Verdict::Taken(owner);
        }
        let claim = (by, attempt);
        match *self.granted.entry(name).or_insert_with(|| claim.clone()) == claim {
            true => Verdict::Granted,
            false => Verdict::Busy,
        }
    }

    /// Decides what becomes of our process if another node's has the same name.
    fn resolve(&mut self, name: &str, ctx: &Ctx<GlobalMsg>) {
        let Some(owned) = self.owned.get(name) else {
            return;
        };
        let Some(rival) = ctx.inner().global_names.rival(name, ctx.name()) else {
            return;
        };
        let resolver = owned.resolver;
        if resolver != Resolver::KillBoth && *ctx.name() < rival {
            return;
        }
        let Some(process) = self.disown(name, ctx) else {
            return;
        };
        match resolver {
            Resolver::KeepFirst | Resolver::KillBoth => {
                warn!(node = %ctx.name(), of = name, "{rival} has a process called {name:?} as well; ours is killed");
                ctx.exit(&process.address::<()>(), ExitReason::Killed);
            }
            Resolver::Notify => {
                warn!(node = %ctx.name(), of = name, "{rival} has a process called {name:?} as well; ours loses the name");
                let target = Target::Process(process.creation, process.serial);
                if let Some(process) = ctx.inner().processes.find(&target) {
                    process.mailbox.put_info(Info::NameLost(name.to_owned()));
                }
            }
        }
    }

    /// Takes a name from the process of this node that has it.
    fn disown(&mut self, name: &str, ctx: &Ctx<GlobalMsg>) -> Option<ProcessId> {
        let Owned {
            process, monitor, ..
        } = self.owned.remove(name)?;
        ctx.demonitor(monitor);
        ctx.inner().global_names.remove(name, ctx.name());
        ctx.cast_all_linked(
            &GLOBAL,
            &GlobalMsg::Unregistered(name.to_owned(), ctx.name().clone()),
        );
        Some(process)
    }
}

/// Answers when each connected node has handled what it was told until now: connections deliver in
/// order, so what was told before a question is known when the question is answered.
fn tell_when_all_know<T: Serialize + Send + 'static>(
    reply: Reply<T>,
    answer: T,
    ctx: &Ctx<GlobalMsg>,
) {
    let own = ctx.clone();
    let others = claim::others(ctx);
    ctx.spawn(async move {
        let own = &own;
        let known = |node| async move { own.call_linked(node, &GLOBAL, GlobalMsg::Sync).await };
        join_all(others.iter().map(known)).await;
        reply.send(answer);
    });
}
