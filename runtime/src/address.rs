//! Addresses: where a message goes.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::name::NodeName;
use crate::process_id::ProcessId;
use crate::wire::Target;

/// The name that a server is registered under, and the type of the messages that it takes.
///
/// Usually a constant beside the message enum, so that code that knows the name also knows which messages
/// it can send:
///
/// ```
/// use runtime::{NodeName, Reply, ServerName};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Serialize, Deserialize)]
/// enum CounterMsg {
///     Add(u64),
///     Total(Reply<u64>),
/// }
///
/// const COUNTER: ServerName<CounterMsg> = ServerName::new("counter");
///
/// let gold: NodeName = "gold@127.0.0.1".parse().unwrap();
/// assert_eq!(COUNTER.at(&gold).to_string(), "counter at gold@127.0.0.1");
/// ```
///
/// # Not promised
/// That a process has this name, or that two messages to it reach the same start of it.
///
/// # Source
/// Erlang's registered names: `{Name, Node}`.
pub struct ServerName<M> {
    name: Cow<'static, str>,
    messages: PhantomData<fn(M)>,
}

impl<M> ServerName<M> {
    /// The name; names that begin with `$` belong to the runtime.
    pub const fn new(name: &'static str) -> Self {
        ServerName {
            name: Cow::Borrowed(name),
            messages: PhantomData,
        }
    }

    /// A name that is only known when the program runs.
    pub fn dynamic(name: impl Into<String>) -> Self {
        ServerName {
            name: Cow::Owned(name.into()),
            messages: PhantomData,
        }
    }

    /// The server of this name on that node.
    pub fn at(&self, node: impl Into<NodeName>) -> Address<M> {
        Address::new(node.into(), Target::Name(self.name.clone().into_owned()))
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.name
    }
}

impl<M> Clone for ServerName<M> {
    fn clone(&self) -> Self {
        ServerName {
            name: self.name.clone(),
            messages: PhantomData,
        }
    }
}

impl<M> fmt::Debug for ServerName<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl From<&NodeName> for NodeName {
    fn from(name: &NodeName) -> Self {
        name.clone()
    }
}

/// One process, anywhere in the cluster, that takes messages of type `M`.
///
/// An address holds either a *name* on a node, which means whichever process has the name when
/// the message arrives, or one start of one process, an address that no later process has. Either
/// kind can be sent to other nodes inside a message.
pub struct Address<M> {
    node: NodeName,
    target: Target,
    messages: PhantomData<fn(M)>,
}

impl<M> Address<M> {
    pub(crate) fn new(node: NodeName, target: Target) -> Self {
        Address {
            node,
            target,
            messages: PhantomData,
        }
    }

    /// The node that the process is on.
    pub fn node(&self) -> &NodeName {
        &self.node
    }

    /// Which process of the node.
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// The same process, with another type of messages. For tools that forward messages that
    /// they do not understand.
    pub fn retype<N>(&self) -> Address<N> {
        Address::new(self.node.clone(), self.target.clone())
    }
}

impl ProcessId {
    /// Where to send messages to it, if they are of the type that it takes.
    pub fn address<M>(&self) -> Address<M> {
        Address::new(
            self.node.clone(),
            Target::Process(self.creation, self.serial),
        )
    }
}

impl<M> Clone for Address<M> {
    fn clone(&self) -> Self {
        self.retype()
    }
}

impl<M> PartialEq for Address<M> {
    fn eq(&self, other: &Self) -> bool {
        (&self.node, &self.target) == (&other.node, &other.target)
    }
}

impl<M> Eq for Address<M> {}

impl<M> PartialOrd for Address<M> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl<M> Ord for Address<M> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (&self.node, &self.target).cmp(&(&other.node, &other.target))
    }
}

impl<M> fmt::Display for Address<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {}", self.target, self.node)
    }
}

impl<M> fmt::Debug for Address<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl<M> Serialize for Address<M> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (&self.node, &self.target).serialize(serializer)
    }
}

impl<'de, M> Deserialize<'de> for Address<M> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (node, target) = Deserialize::deserialize(deserializer)?;
        Ok(Address::new(node, target))
    }
}
