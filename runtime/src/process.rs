//! A process: one server, its mailbox, and the loop that feeds the one to the other.
//!
//! The loop is where "let it crash" happens. A panic in a handler ends this process and nothing
//! else: the loop catches it, answers every call that the process still owed an answer, and tells
//! the watchers. It then drops the server's state; a supervisor starts afresh.

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt;
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;
use tracing::{debug, warn};

use crate::address::{Address, ServerName};
use crate::ctx::Ctx;
use crate::error::StartError;
use crate::gate::BoxedTask;
use crate::name::NodeName;
use crate::node::{Inner, Node};
use crate::process_id::{ExitReason, ProcessId};
use crate::reply::{Pending, ReplyTo, decode_delivery};
use crate::server::{Info, Server};
use crate::watch::Watcher;
use crate::wire::{NoAnswer, Target};

/// How long a process may take to end when it is asked to. It ends at its next `.await`, so only
/// a process that never waits takes longer; the others do not wait for it forever.
const PATIENCE: Duration = Duration::from_secs(5);

/// What lies in a mailbox.
pub(crate) enum Letter<M> {
    /// A message from this node, not encoded. If it is a call, with the promise of an answer.
    Local(M, Option<Arc<Pending>>),
    /// A message from another node, still encoded.
    Encoded {
        payload: Bytes,
        reply: Option<ReplyTo>,
        from: NodeName,
    },
    /// News from the runtime.
    Info(Info),
}

/// What the rest of the node knows about a process, whatever messages it takes.
pub(crate) struct Process {
    pub(crate) serial: u64,
    pub(crate) name: Option<String>,
    pub(crate) mailbox: Box<dyn AnyMailbox>,
    /// Ends the process, also in the middle of a handler.
    pub(crate) exit: mpsc::UnboundedSender<ExitReason>,
    /// The processes to tell when it ends; `None` once it has ended.
    pub(crate) watchers: Mutex<Option<Vec<Watcher>>>,
    /// Processes that end when this one does: the children of a supervisor.
    pub(crate) children: Mutex<Vec<Arc<Process>>>,
    /// Letters that were put into the mailbox and are not handled to the end yet.
    pub(crate) unhandled: Arc<AtomicUsize>,
}

impl Process {
    pub(crate) fn id(&self, inner: &Inner) -> ProcessId {
        ProcessId {
            node: inner.name().clone(),
            creation: inner.creation(),
            serial: self.serial,
        }
    }

    pub(crate) fn is_alive(&self) -> bool {
        self.watchers.lock().unwrap().is_some()
    }

    /// Its name, by which warnings about it are [of one kind](crate::repeats::Repeats).
    fn kind(&self) -> &str {
        self.name.as_deref().unwrap_or_default()
    }

    /// How it is called in a log line.
    pub(crate) fn label(&self) -> String {
        self.name
            .clone()
            .unwrap_or_else(|| format!("process {}", self.serial))
    }
}

/// A mailbox, its type of messages erased.
pub(crate) trait AnyMailbox: Send + Sync {
    fn put_encoded(&self, payload: Bytes, reply: Option<ReplyTo>, from: NodeName);
    fn put_info(&self, info: Info);
    fn as_any(&self) -> &dyn Any;
}

/// The sending side of a mailbox. Without a limit, as in Erlang: a sender must not be able to
/// block a receiver for other senders.
pub(crate) struct Mailbox<M> {
    letters: mpsc::UnboundedSender<Letter<M>>,
    unhandled: Arc<AtomicUsize>,
}

impl<M> Clone for Mailbox<M> {
    fn clone(&self) -> Self {
        Mailbox {
            letters: self.letters.clone(),
            unhandled: self.unhandled.clone(),
        }
    }
}

impl<M> Mailbox<M> {
    pub(crate) fn put(&self, letter: Letter<M>) {
        self.unhandled.fetch_add(1, Ordering::AcqRel);
        // A letter to a process that just ended is dropped, and with it the promise in it, whose
        // caller then learns that the process is gone.
        if let Err(mpsc::error::SendError(letter)) = self.letters.send(letter) {
            decline(letter, NoAnswer::NoProcess);
        }
    }
}

impl<M: Send + 'static> AnyMailbox for Mailbox<M> {
    fn put_encoded(&self, payload: Bytes, reply: Option<ReplyTo>, from: NodeName) {
        self.put(Letter::Encoded {
            payload,
            reply,
            from,
        });
    }

    fn put_info(&self, info: Info) {
        self.put(Letter::Info(info));
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

fn decline<M>(letter: Letter<M>, why: NoAnswer) {
    let to = match letter {
        Letter::Local(_, Some(ref pending)) => pending.take(),
        Letter::Encoded { reply, .. } => reply,
        _ => None,
    };
    if let Some(to) = to {
        to.decline(why);
    }
}

/// Starts a server and waits for its `init`. With `parent`, it ends when the parent does.
pub(crate) async fn start<S: Server>(
    node: &Node,
    name: Option<&ServerName<S::Msg>>,
    args: S::Args,
    parent: Option<&Arc<Process>>,
) -> Result<(Address<S::Msg>, Arc<Process>), StartError> {
    let inner = node.inner();
    let (letters, inbox) = mpsc::unbounded_channel();
    let (exit, exits) = mpsc::unbounded_channel();
    let unhandled = Arc::new(AtomicUsize::new(0));
    let mailbox = Mailbox {
        letters,
        unhandled: unhandled.clone(),
    };
    let process = Arc::new(Process {
        serial: inner.numbers.next(),
        name: name.map(|name| name.as_str().to_owned()),
        mailbox: Box::new(mailbox.clone()),
        exit,
        watchers: Mutex::new(Some(Vec::new())),
        children: Mutex::default(),
        unhandled,
    });
    // The name is taken before `init` runs: what arrives meanwhile waits in the mailbox.
    inner.processes.add(&process)?;
    if let Some(parent) = parent {
        parent.children.lock().unwrap().push(process.clone());
    }
    let me = Address::new(
        inner.name().clone(),
        Target::Process(inner.creation(), process.serial),
    );
    let ctx = Ctx::new(node.clone(), me.clone(), process.clone(), mailbox);
    let (started, init) = oneshot::channel();
    let mut life: BoxedTask = Box::pin(live::<S>(ctx, args, inbox, exits, started));
    if let Some(gate) = &inner.config.gate {
        life = gate.serve(process.label(), false, life);
    }
    inner.spawn_boxed(life);
    match init.await {
        Ok(Ok(())) => Ok((me, process)),
        Ok(Err(reason)) => Err(StartError::Init(reason)),
        Err(_) => Err(StartError::Stopped),
    }
}

/// The life of a process.
async fn live<S: Server>(
    ctx: Ctx<S::Msg>,
    args: S::Args,
    mut inbox: mpsc::UnboundedReceiver<Letter<S::Msg>>,
    mut exits: mpsc::UnboundedReceiver<ExitReason>,
    started: oneshot::Sender<Result<(), ExitReason>>,
) {
    let init = AssertUnwindSafe(S::init(args, &ctx)).catch_unwind();
    let server = tokio::select! { biased;
        Some(reason) = exits.recv() => Err(reason),
        server = init => match server {
            Ok(server) => ctx.stopping().map_or(Ok(server), Err),
            Err(panic) => Err(ExitReason::from_panic(&*panic)),
        }
    };
    let mut server = match server {
        Ok(server) => {
            let _ = started.send(Ok(()));
            server
        }
        Err(reason) => {
            end(&ctx, &reason, &[], &mut inbox).await;
            let _ = started.send(Err(reason));
            return;
        }
    };

    // Calls whose handler returned with the `Reply` kept for later.
    let mut owed: Vec<Arc<Pending>> = Vec::new();
    let mut sweep_at = 64;
    let reason = loop {
        let letter = tokio::select! { biased;
            Some(reason) = exits.recv() => break reason,
            Some(letter) = inbox.recv() => letter,
        };
        let handled = match open(letter, &ctx) {
            Some((Content::Message(message), pending)) => {
                owed.extend(pending);
                run(&mut exits, server.handle(message, &ctx), &ctx, &owed).await
            }
            Some((Content::Info(info), _)) => {
                run(&mut exits, server.handle_info(info, &ctx), &ctx, &owed).await
            }
            None => Ok(()),
        };
        ctx.process().unhandled.fetch_sub(1, Ordering::AcqRel);
        if let Err(reason) = handled {
            break reason;
        }
        // Most calls are answered by now.
        if owed.last().is_some_and(|last| last.is_answered()) {
            owed.pop();
        }
        if owed.len() > sweep_at {
            owed.retain(|pending| !pending.is_answered());
            sweep_at = owed.len() * 2 + 64;
        }
        if let Some(reason) = ctx.stopping() {
            break reason;
        }
    };
    end(&ctx, &reason, &owed, &mut inbox).await;
}

enum Content<M> {
    Message(M),
    Info(Info),
}

/// Opens a letter; `None` if it cannot be understood.
fn open<M: serde::de::DeserializeOwned>(
    letter: Letter<M>,
    ctx: &Ctx<M>,
) -> Option<(Content<M>, Option<Arc<Pending>>)> {
    match letter {
        Letter::Local(message, pending) => Some((Content::Message(message), pending)),
        Letter::Info(info) => Some((Content::Info(info), None)),
        Letter::Encoded {
            payload,
            reply,
            from,
        } => {
            let pending = reply.map(Pending::new);
            match decode_delivery(&payload, pending.as_ref()) {
                Ok(message) => Some((Content::Message(message), pending)),
                Err(error) => {
                    warn!(node = %ctx.name(), of = ctx.process().kind(), "{} does not understand a message from {from}: {error}", ctx.process().label());
                    if let Some(to) = pending.and_then(|pending| pending.take()) {
                        to.decline(NoAnswer::NotUnderstood(error.to_string()));
                    }
                    None
                }
            }
        }
    }
}

/// Runs one handler to its end, its panic, or the death of the process.
async fn run<M>(
    exits: &mut mpsc::UnboundedReceiver<ExitReason>,
    handler: impl Future<Output = ()>,
    ctx: &Ctx<M>,
    owed: &[Arc<Pending>],
) -> Result<(), ExitReason> {
    let handler = AssertUnwindSafe(handler).catch_unwind();
    tokio::pin!(handler);
    let reason = tokio::select! { biased;
        Some(reason) = exits.recv() => reason,
        handled = &mut handler => match handled {
            Ok(()) => return Ok(()),
            Err(panic) => ExitReason::from_panic(&*panic),
        }
    };
    // Before the handler's future is dropped, and with it any `Reply` that it holds: its callers
    // are to learn the reason, not that the `Reply` was dropped.
    ctx.end_tasks();
    answer_all(owed, &reason);
    Err(reason)
}

fn answer_all(owed: &[Arc<Pending>], reason: &ExitReason) {
    for pending in owed {
        if let Some(to) = pending.take() {
            to.decline(NoAnswer::Exited(reason.clone()));
        }
    }
}

/// The end of a process, in the order in which others may see it: no new letters,
/// answers to waiting callers, the end of the children (the last one first), then notices to those that
/// watch. So a process that hears that a supervisor ended can start it again: its children's names
/// are free.
async fn end<M>(
    ctx: &Ctx<M>,
    reason: &ExitReason,
    owed: &[Arc<Pending>],
    inbox: &mut mpsc::UnboundedReceiver<Letter<M>>,
) {
    let (inner, process) = (ctx.inner(), ctx.process());
    inner.processes.remove(process);
    inbox.close();
    ctx.end_tasks();
    answer_all(owed, reason);
    while let Ok(letter) = inbox.try_recv() {
        decline(letter, NoAnswer::Exited(reason.clone()));
    }
    if reason.is_normal() {
        debug!(node = %ctx.name(), "{} ended: {reason}", process.label());
    } else {
        warn!(node = %ctx.name(), of = process.kind(), "{} ended: {reason}", process.label());
    }
    let children = std::mem::take(&mut *process.children.lock().unwrap());
    for child in children.into_iter().rev() {
        shut_down(&child).await;
    }
    inner.tell_watchers(process, reason);
}

/// Ends a process and waits until it has ended, with its own children.
pub(crate) async fn shut_down(process: &Process) {
    let _ = process.exit.send(ExitReason::Shutdown);
    if timeout(PATIENCE, process.exit.closed()).await.is_err() {
        warn!(
            of = process.kind(),
            "{} did not end within {} s: it runs without ever waiting",
            process.label(),
            PATIENCE.as_secs()
        );
    }
}
