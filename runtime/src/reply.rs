//! The right to answer a call, exactly once.

use std::cell::RefCell;
use std::fmt;
use std::marker::PhantomData;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use serde::de::{DeserializeOwned, Error as _};
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use tokio::sync::oneshot;

use crate::clock::Clock;
use crate::line::{Answer, Line};
use crate::wire::{self, Header, Malformed, NoAnswer};

/// Answers one call; a variant of a message enum that carries it *is* a call.
///
/// It can be kept, moved into a task, and answered later. Dropping it without an answer tells the
/// caller at once that none will come ([`CallError::NoReply`](crate::CallError::NoReply)); if the
/// process crashes first, the caller learns that instead.
///
/// It is not sent over the network: the frame's header says which call is answered, and in the encoded
/// message there is only a null in its place. So a `Reply` that belongs to a call cannot be
/// encoded into another message, and none can be decoded outside of a delivery.
///
/// ```
/// use std::time::Duration;
///
/// use runtime::{Cookie, Ctx, MemoryNet, Net, Node, NodeConfig, Reply, Server, ServerName};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Serialize, Deserialize)]
/// enum SlowMsg {
///     Work(Reply<u32>),
///     IsThere(Reply<bool>),
/// }
///
/// const SLOW: ServerName<SlowMsg> = ServerName::new("slow");
///
/// struct Slow;
///
/// impl Server for Slow {
///     type Msg = SlowMsg;
///     type Args = ();
///
///     async fn init((): (), _: &Ctx<SlowMsg>) -> Self {
///         Slow
///     }
///
///     async fn handle(&mut self, msg: SlowMsg, ctx: &Ctx<SlowMsg>) {
///         match msg {
///             // The server goes on with other messages meanwhile.
///             SlowMsg::Work(reply) => {
///                 ctx.spawn(async move {
///                     tokio::time::sleep(Duration::from_millis(10)).await;
///                     reply.send(42);
///                 });
///             }
///             SlowMsg::IsThere(reply) => reply.send(true),
///         }
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let net = Net::Memory(MemoryNet::new(1));
/// # let node = Node::start(NodeConfig::new("n1@sim".parse()?, Cookie::from_text("secret")?, net)).await?;
/// let slow = node.start_server::<Slow>(&SLOW, ()).await?;
/// let (there, work) = tokio::join!(node.call(&slow, SlowMsg::IsThere), node.call(&slow, SlowMsg::Work));
/// assert_eq!((there?, work?), (true, 42));
/// # Ok(())
/// # }
/// ```
///
/// # Not promised
/// That the caller receives the answer: it may have given up, or its connection may be lost. The answering
/// server never learns that.
///
/// # Source
/// Erlang's `gen_server:reply/2` and its `noreply` return.
#[must_use = "a caller waits for this answer; dropping it tells the caller that none will come"]
pub struct Reply<T> {
    pending: Option<Arc<Pending>>,
    answer: PhantomData<fn(T)>,
}

impl<T> Reply<T> {
    /// Stands for the reply while a message is encoded.
    pub(crate) fn placeholder() -> Self {
        Reply {
            pending: None,
            answer: PhantomData,
        }
    }

    pub(crate) fn bound(pending: Arc<Pending>) -> Self {
        Reply {
            pending: Some(pending),
            answer: PhantomData,
        }
    }
}

impl<T> Reply<T> {
    /// Tells the caller that no answer will come, and why.
    pub(crate) fn decline(mut self, why: NoAnswer) {
        if let Some(to) = self.pending.take().and_then(|pending| pending.take()) {
            to.decline(why);
        }
    }
}

impl<T: Serialize + Send + 'static> Reply<T> {
    /// Sends the answer. If the caller has given up, or the connection to it was lost or replaced
    /// in the meantime, the answer is dropped without a trace: the caller knows already.
    pub fn send(mut self, value: T) {
        if let Some(to) = self.pending.take().and_then(|pending| pending.take()) {
            to.answer(value);
        }
    }
}

impl<T> Drop for Reply<T> {
    fn drop(&mut self) {
        // While a panic unwinds, the process's loop knows why no answer comes, and this code does not.
        if std::thread::panicking() {
            return;
        }
        if let Some(to) = self.pending.take().and_then(|pending| pending.take()) {
            to.decline(NoAnswer::NoReply);
        }
    }
}

impl<T> fmt::Debug for Reply<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Reply")
    }
}

impl<T> Serialize for Reply<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.pending {
            None => serializer.serialize_unit(),
            Some(_) => Err(S::Error::custom(
                "a Reply answers the call that it came with and cannot be sent on",
            )),
        }
    }
}

impl<'de, T> Deserialize<'de> for Reply<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        <()>::deserialize(deserializer)?;
        DELIVERY.with_borrow_mut(|delivery| match delivery {
            Delivery::None => Err(D::Error::custom(
                "a Reply can only be decoded as part of a delivered call",
            )),
            Delivery::Cast => Err(D::Error::custom(
                "this message wants an answer, but it was cast, not called",
            )),
            Delivery::Taken => Err(D::Error::custom("a message can hold only one Reply")),
            Delivery::Call(pending) => {
                let reply = Reply::bound(pending.clone());
                *delivery = Delivery::Taken;
                Ok(reply)
            }
        })
    }
}

/// What a `Reply` that is being decoded belongs to.
enum Delivery {
    None,
    Cast,
    Call(Arc<Pending>),
    Taken,
}

thread_local! {
    // Borrowed for the length of one decoding: serde gives `deserialize` no way to pass it.
    static DELIVERY: RefCell<Delivery> = const { RefCell::new(Delivery::None) };
}

/// Decodes a delivered message and binds the `Reply` in it, if there is one.
///
/// # Errors
/// [`Malformed`] when it is not a message of this type, or a call arrived as a cast.
pub(crate) fn decode_delivery<M: DeserializeOwned>(
    payload: &[u8],
    pending: Option<&Arc<Pending>>,
) -> Result<M, Malformed> {
    struct Reset;
    impl Drop for Reset {
        fn drop(&mut self) {
            DELIVERY.set(Delivery::None);
        }
    }
    DELIVERY.set(pending.map_or(Delivery::Cast, |pending| Delivery::Call(pending.clone())));
    let _reset = Reset;
    let message = wire::decode(payload)?;
    // A variant without a `Reply` was called: nobody else can tell the caller.
    if let (Some(pending), Delivery::Call(_)) = (pending, DELIVERY.replace(Delivery::None))
        && let Some(to) = pending.take()
    {
        to.decline(NoAnswer::NoReply);
    }
    Ok(message)
}

/// An answer that the process owes. The process's loop and the `Reply` share it; the first to take it
/// answers.
pub(crate) struct Pending(Mutex<Option<ReplyTo>>);

impl Pending {
    pub(crate) fn new(to: ReplyTo) -> Arc<Self> {
        Arc::new(Pending(Mutex::new(Some(to))))
    }

    pub(crate) fn take(&self) -> Option<ReplyTo> {
        self.0.lock().unwrap().take()
    }

    pub(crate) fn is_answered(&self) -> bool {
        self.0.lock().unwrap().is_none()
    }
}

/// Where an answer goes.
pub(crate) enum ReplyTo {
    /// To a caller on this node; `encoded` if it sent the message encoded, as another node does.
    Local {
        caller: oneshot::Sender<Answer>,
        encoded: bool,
    },
    /// Back over the connection that the call came by. If that connection is gone, so is the
    /// caller's interest: it was told that the connection went down.
    Remote {
        line: Arc<Line>,
        clock: Arc<Clock>,
        call: u64,
    },
}

impl ReplyTo {
    fn answer<T: Serialize + Send + 'static>(self, value: T) {
        match self {
            ReplyTo::Local {
                caller,
                encoded: false,
            } => {
                let _ = caller.send(Answer::Value(Box::new(value)));
            }
            ReplyTo::Local {
                caller,
                encoded: true,
            } => {
                let _ = caller.send(match wire::encode(&value) {
                    Ok(bytes) => Answer::Encoded(bytes),
                    Err(error) => Answer::None(NoAnswer::Unsendable(error.to_string())),
                });
            }
            ReplyTo::Remote { line, clock, call } => {
                let (header, payload) = match wire::encode(&value) {
                    Ok(bytes) if bytes.len() <= line.longest_payload() => {
                        (Header::Answer(call), bytes)
                    }
                    Ok(bytes) => (
                        refusal(
                            call,
                            format!(
                                "the answer has {} bytes, more than a frame may have",
                                bytes.len()
                            ),
                        ),
                        Bytes::new(),
                    ),
                    Err(error) => (refusal(call, error.to_string()), Bytes::new()),
                };
                line.push(clock.stamp(), &header, &payload);
            }
        }
    }

    pub(crate) fn decline(self, why: NoAnswer) {
        match self {
            ReplyTo::Local { caller, .. } => {
                let _ = caller.send(Answer::None(why));
            }
            ReplyTo::Remote { line, clock, call } => {
                line.push(clock.stamp(), &Header::NoAnswer(call, why), &Bytes::new());
            }
        }
    }
}

fn refusal(call: u64, why: String) -> Header {
    Header::NoAnswer(call, NoAnswer::Unsendable(why))
}
