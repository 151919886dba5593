//! The mistakes of part 2.

use super::Mistake;

/// The more telling ones first.
pub(super) const MISTAKES: &[Mistake] = &[];
