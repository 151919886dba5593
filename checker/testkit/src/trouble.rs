//! The checker's own trouble, as opposed to what a learner's program did.

use std::fmt;

/// Something that the checker tried to do and could not: what, and what went wrong.
///
/// Outcomes of a learner's program are data ([`Verdict`](crate::verdict::Verdict)) and never end
/// up here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble(String);

impl Trouble {
    /// Trouble, described by a fragment that starts in lower case: `could not …: …`.
    pub fn new(what: impl Into<String>) -> Self {
        Trouble(what.into())
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Trouble {}

/// What the checker's own operations return.
pub type Result<T> = std::result::Result<T, Trouble>;

/// Says what was being done when an error came up.
pub trait While<T> {
    /// Puts `doing` before the error: `could not read x: permission denied`.
    ///
    /// # Errors
    /// The error that there was, described.
    fn or_trouble<S: fmt::Display>(self, doing: impl FnOnce() -> S) -> Result<T>;
}

impl<T, E: fmt::Display> While<T> for std::result::Result<T, E> {
    fn or_trouble<S: fmt::Display>(self, doing: impl FnOnce() -> S) -> Result<T> {
        self.map_err(|error| Trouble(format!("could not {}: {error}", doing())))
    }
}
