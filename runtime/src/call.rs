//! Sending: casts, calls, and both to many nodes at once.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::join_all;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::oneshot;
use tokio::time::timeout;
use tracing::warn;

use crate::address::{Address, ServerName};
use crate::error::{CallError, CastError};
use crate::line::{Answer, Line, NotReached};
use crate::name::NodeName;
use crate::node::{Inner, Node};
use crate::peers::Intent;
use crate::process::{Letter, Mailbox, Process};
use crate::reply::{Pending, Reply, ReplyTo};
use crate::wire::{self, Header, NoAnswer, Target};

/// The results of asking several nodes the same question. Each node is in exactly one map.
#[derive(Debug)]
pub struct Answers<T> {
    /// The answers that came in time.
    pub answers: BTreeMap<NodeName, T>,
    /// Why the other nodes gave none.
    pub failures: BTreeMap<NodeName, CallError>,
}

impl Node {
    /// Sends a message and continues. It arrives at most once, perhaps never, and the sender does not learn which.
    ///
    /// Messages from one process to another arrive in the order in which they were sent, as long as
    /// the connection holds. If there is no connection, one is opened, and the message waits for
    /// it. This waits only when some megabytes already wait to be written to that node.
    ///
    /// # Errors
    /// [`CastError`] when the message certainly was not sent.
    pub async fn cast<M>(&self, to: &Address<M>, msg: M) -> Result<(), CastError>
    where
        M: Serialize + Send + 'static,
    {
        let inner = self.inner();
        if to.node() == self.name() {
            let process = inner
                .processes
                .find(to.target())
                .ok_or_else(|| CastError::NoProcess(to.node().clone()))?;
            return put_local(&process, msg, self.name());
        }
        let payload = encode(&msg, inner)?;
        let line = inner.line_to(to.node(), Intent::Asked);
        line.push(
            inner.clock.stamp(),
            &Header::Cast(to.target().clone()),
            &payload,
        );
        line.has_room().await;
        Ok(())
    }

    /// Casts to the servers of one name on all connected nodes and on this one. It does not
    /// connect to any node, and where there is no such server the message is dropped.
    ///
    /// It first sends to all of them. Then it waits, as [`cast`](Node::cast) does, until each
    /// connection has room again: a node that reads nothing delays the caller, once 4 MB wait for
    /// that node, but never the other nodes.
    ///
    /// # Errors
    /// [`CastError::Unsendable`] when the message cannot be encoded; then no server received it.
    pub async fn abcast<M>(&self, name: &ServerName<M>, msg: M) -> Result<(), CastError>
    where
        M: Serialize + Send + 'static,
    {
        let inner = self.inner();
        let payload = encode(&msg, inner)?;
        let lines = inner.visible_lines();
        for line in &lines {
            line.push(
                inner.clock.stamp(),
                &Header::Cast(Target::Name(name.as_str().to_owned())),
                &payload,
            );
        }
        if let Some(process) = inner
            .processes
            .find(&Target::Name(name.as_str().to_owned()))
        {
            put_local(&process, msg, self.name())?;
        }
        for line in &lines {
            line.has_room().await;
        }
        Ok(())
    }

    /// Sends a message and waits for its answer, as long as [`NodeConfig::call_timeout`]
    /// (5 seconds unless set) allows.
    ///
    /// The second argument makes the message from the `Reply` that it carries; for a variant
    /// with nothing else in it, its name is enough: `node.call(&to, CounterMsg::Total)`.
    ///
    /// # Errors
    /// [`CallError`] tells whether the message may have been handled although no answer came.
    ///
    /// [`NodeConfig::call_timeout`]: crate::NodeConfig::call_timeout
    pub async fn call<M, T>(
        &self,
        to: &Address<M>,
        msg: impl FnOnce(Reply<T>) -> M,
    ) -> Result<T, CallError>
    where
        M: Serialize + Send + 'static,
        T: DeserializeOwned + Send + 'static,
    {
        self.call_within(self.config().call_timeout, to, msg).await
    }

    /// Like [`call`](Node::call), with a timeout of its own. An answer that comes later is dropped.
    ///
    /// # Errors
    /// As for [`call`](Node::call).
    pub async fn call_within<M, T>(
        &self,
        within: Duration,
        to: &Address<M>,
        msg: impl FnOnce(Reply<T>) -> M,
    ) -> Result<T, CallError>
    where
        M: Serialize + Send + 'static,
        T: DeserializeOwned + Send + 'static,
    {
        let inner = self.inner();
        if to.node() == self.name() {
            let process = inner
                .processes
                .find(to.target())
                .ok_or_else(|| CallError::NoProcess(to.node().clone()))?;
            return self.call_here(within, &process, msg).await;
        }
        let payload = encode(&msg(Reply::placeholder()), inner).map_err(CallError::from)?;
        self.call_there(within, to.node(), to.target().clone(), payload)
            .await
    }

    /// Calls the servers of one name on several nodes at the same time and collects what comes
    /// within the given time. A node that is dead, paused or out of reach costs no more than that
    /// time, and is found among the failures. If this node is in `nodes`, its own server is asked
    /// too; do not wait for that in the very server that is asked.
    pub async fn multi_call<M, T>(
        &self,
        nodes: &[NodeName],
        name: &ServerName<M>,
        within: Duration,
        msg: impl Fn(Reply<T>) -> M,
    ) -> Answers<T>
    where
        M: Serialize + Send + 'static,
        T: DeserializeOwned + Send + 'static,
    {
        let payload = encode(&msg(Reply::placeholder()), self.inner()).map_err(CallError::from);
        let target = Target::Name(name.as_str().to_owned());
        let asked = nodes.iter().map(|node| {
            let (payload, target, msg) = (payload.clone(), target.clone(), &msg);
            async move {
                let answer = if node == self.name() {
                    self.call_within(within, &name.at(node), msg).await
                } else {
                    match payload {
                        Ok(payload) => self.call_there(within, node, target, payload).await,
                        Err(error) => Err(error),
                    }
                };
                (node.clone(), answer)
            }
        });
        let mut all = Answers {
            answers: BTreeMap::new(),
            failures: BTreeMap::new(),
        };
        for (node, answer) in join_all(asked).await {
            match answer {
                Ok(value) => drop(all.answers.insert(node, value)),
                Err(error) => drop(all.failures.insert(node, error)),
            }
        }
        all
    }

    async fn call_here<M, T>(
        &self,
        within: Duration,
        process: &Process,
        msg: impl FnOnce(Reply<T>) -> M,
    ) -> Result<T, CallError>
    where
        M: Serialize + Send + 'static,
        T: DeserializeOwned + Send + 'static,
    {
        let (caller, answer) = oneshot::channel();
        match process.mailbox.as_any().downcast_ref::<Mailbox<M>>() {
            Some(mailbox) => {
                let pending = Pending::new(ReplyTo::Local {
                    caller,
                    encoded: false,
                });
                let msg = msg(Reply::bound(pending.clone()));
                mailbox.put(Letter::Local(msg, Some(pending)));
            }
            // The server has its own type for these messages, so they are encoded, as for another node.
            None => {
                let payload =
                    encode(&msg(Reply::placeholder()), self.inner()).map_err(CallError::from)?;
                let reply = ReplyTo::Local {
                    caller,
                    encoded: true,
                };
                process
                    .mailbox
                    .put_encoded(payload, Some(reply), self.name().clone());
            }
        }
        outcome(self.name(), timeout(within, answer).await)
    }

    async fn call_there<T: DeserializeOwned + 'static>(
        &self,
        within: Duration,
        node: &NodeName,
        target: Target,
        payload: Bytes,
    ) -> Result<T, CallError> {
        let inner = self.inner();
        let line = inner.line_to(node, Intent::Asked);
        self.call_over(&line, within, target, payload).await
    }

    async fn call_over<T: DeserializeOwned + 'static>(
        &self,
        line: &Arc<Line>,
        within: Duration,
        target: Target,
        payload: Bytes,
    ) -> Result<T, CallError> {
        let inner = self.inner();
        let (caller, answer) = oneshot::channel();
        let call = inner.numbers.next();
        // When the caller's future is dropped, too, the pending call must be removed.
        let _waiting = Waiting { line, call };
        line.push_call(call, inner.clock.stamp(), target, &payload, caller);
        outcome(line.peer(), timeout(within, answer).await)
    }

    /// Casts to a server of a node, or of this one, if there is a connection. For the runtime's own
    /// servers: their housekeeping must not connect what was disconnected on purpose.
    pub(crate) fn cast_linked<M>(&self, to: &NodeName, name: &ServerName<M>, msg: M)
    where
        M: Serialize + Send + 'static,
    {
        let inner = self.inner();
        let target = Target::Name(name.as_str().to_owned());
        if to == self.name() {
            if let Some(process) = inner.processes.find(&target) {
                let _ = put_local(&process, msg, self.name());
            }
        } else if let Some(line) = inner.open_line(to) {
            push_to_all(inner, &[line], target, &msg);
        }
    }

    /// Casts to the servers of one name on all other connected nodes. A hidden node is a member
    /// of no group and sends none of these casts.
    pub(crate) fn cast_all_linked<M: Serialize>(&self, name: &ServerName<M>, msg: &M) {
        let inner = self.inner();
        if !inner.config.hidden {
            let target = Target::Name(name.as_str().to_owned());
            push_to_all(inner, &inner.visible_lines(), target, msg);
        }
    }

    /// Calls a server of a node, or of this one, if there is a connection.
    pub(crate) async fn call_linked<M, T>(
        &self,
        to: &NodeName,
        name: &ServerName<M>,
        msg: impl FnOnce(Reply<T>) -> M,
    ) -> Result<T, CallError>
    where
        M: Serialize + Send + 'static,
        T: DeserializeOwned + Send + 'static,
    {
        if to == self.name() {
            return self.call(&name.at(to), msg).await;
        }
        let line = self.inner().open_line(to);
        let line = line.ok_or_else(|| CallError::NodeDown(to.clone()))?;
        let payload = encode(&msg(Reply::placeholder()), self.inner())?;
        let target = Target::Name(name.as_str().to_owned());
        self.call_over(&line, self.config().call_timeout, target, payload)
            .await
    }
}

fn push_to_all<M: Serialize>(inner: &Inner, lines: &[Arc<Line>], to: Target, msg: &M) {
    match encode(msg, inner) {
        Ok(payload) => {
            let header = Header::Cast(to);
            for line in lines {
                line.push(inner.clock.stamp(), &header, &payload);
            }
        }
        Err(CastError::Stopped) => {}
        Err(error) => warn!(node = %inner.name(), "could not tell the others: {error}"),
    }
}

struct Waiting<'a> {
    line: &'a Arc<Line>,
    call: u64,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.line.forget_call(self.call);
    }
}

fn outcome<T: DeserializeOwned + 'static>(
    node: &NodeName,
    answer: Result<Result<Answer, oneshot::error::RecvError>, tokio::time::error::Elapsed>,
) -> Result<T, CallError> {
    match answer {
        Err(_) => Err(CallError::Timeout(node.clone())),
        // Only a node that is being torn down drops an answer without a notice.
        Ok(Err(_)) => Err(CallError::NodeDown(node.clone())),
        Ok(Ok(Answer::Value(value))) => match value.downcast() {
            Ok(value) => Ok(*value),
            Err(_) => Err(CallError::BadAnswer(
                "it is of another type than the caller expects".into(),
            )),
        },
        Ok(Ok(Answer::Encoded(bytes))) => {
            wire::decode(&bytes).map_err(|error| CallError::BadAnswer(error.to_string()))
        }
        Ok(Ok(Answer::None(why))) => Err(match why {
            NoAnswer::NoProcess => CallError::NoProcess(node.clone()),
            NoAnswer::NotUnderstood(why) => CallError::NotUnderstood(why),
            NoAnswer::NoReply => CallError::NoReply,
            NoAnswer::Exited(reason) => CallError::Exited(reason),
            NoAnswer::Unsendable(why) => CallError::BadAnswer(why),
        }),
        Ok(Ok(Answer::Lost(NotReached::NotConnected(why)))) => {
            Err(CallError::NotConnected(node.clone(), why))
        }
        Ok(Ok(Answer::Lost(NotReached::Down))) => Err(CallError::NodeDown(node.clone())),
    }
}

fn put_local<M: Serialize + Send + 'static>(
    process: &Process,
    msg: M,
    me: &NodeName,
) -> Result<(), CastError> {
    match process.mailbox.as_any().downcast_ref::<Mailbox<M>>() {
        Some(mailbox) => mailbox.put(Letter::Local(msg, None)),
        None => {
            let payload =
                wire::encode(&msg).map_err(|error| CastError::Unsendable(error.to_string()))?;
            process.mailbox.put_encoded(payload, None, me.clone());
        }
    }
    Ok(())
}

fn encode<M: Serialize>(msg: &M, inner: &Inner) -> Result<Bytes, CastError> {
    if inner.is_stopped() {
        return Err(CastError::Stopped);
    }
    let payload = wire::encode(msg).map_err(|error| CastError::Unsendable(error.to_string()))?;
    let limit = inner.config.frame_limit - 1024;
    if payload.len() > limit {
        return Err(CastError::Unsendable(format!(
            "the message has {} bytes, {limit} are allowed",
            payload.len()
        )));
    }
    Ok(payload)
}
