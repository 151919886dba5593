//! The mistakes of part 1.

use super::Mistake;

/// The more telling ones first.
pub(super) const MISTAKES: &[Mistake] = &[];
