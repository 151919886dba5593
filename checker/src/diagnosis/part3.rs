//! The mistakes of part 3.

use super::Mistake;

/// The more telling ones first.
pub(super) const MISTAKES: &[Mistake] = &[];
