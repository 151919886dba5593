//! What a node is called.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The name of a node, `gold@127.0.0.1`: a short name, unique on its host, and the host.
///
/// A name says where to *ask* for the node (the directory of that host knows its port); it is
/// not an address. Two runs of a program under one name are the same name, but not the same
/// node: each run has a creation number of its own, see [`ProcessId`](crate::ProcessId).
///
/// Cloning is cheap. The order is that of the text.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeName(Arc<str>);

/// The longest name of a node, in bytes.
const LONGEST: usize = 255;

impl NodeName {
    /// What stands before the `@`.
    pub fn short(&self) -> &str {
        self.0.split_once('@').map_or(&*self.0, |(short, _)| short)
    }

    /// What stands after the `@`.
    pub fn host(&self) -> &str {
        self.0.split_once('@').map_or("", |(_, host)| host)
    }

    /// The whole name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A text that cannot be the name of a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidName {
    given: String,
    why: &'static str,
}

impl fmt::Display for InvalidName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:?} is not a node name: {} (a node name looks like gold@127.0.0.1)",
            self.given, self.why
        )
    }
}

impl std::error::Error for InvalidName {}

impl FromStr for NodeName {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, InvalidName> {
        let invalid = |why| {
            let mut given: String = text.chars().take(80).collect();
            if given.len() < text.len() {
                given.push('…');
            }
            Err(InvalidName { given, why })
        };
        if text.len() > LONGEST {
            return invalid("it is longer than 255 bytes");
        }
        let Some((short, host)) = text.split_once('@') else {
            return invalid("it has no @");
        };
        if short.is_empty()
            || !short
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"_-".contains(&b))
        {
            return invalid("the part before the @ must be letters, digits, - and _, at least one");
        }
        if host.is_empty()
            || !host
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b".-:[]".contains(&b))
        {
            return invalid("the part after the @ must be a host name or an IP address");
        }
        Ok(NodeName(text.into()))
    }
}

impl fmt::Display for NodeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for NodeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for NodeName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for NodeName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl serde::de::Visitor<'_> for Visitor {
            type Value = NodeName;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a node name such as gold@127.0.0.1")
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<NodeName, E> {
                text.parse().map_err(E::custom)
            }
        }
        deserializer.deserialize_str(Visitor)
    }
}
