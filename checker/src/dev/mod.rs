//! For those who work on the course: `checker dev check`.

pub mod overlay;
pub mod sources;
pub mod stub_rules;
pub mod variants;

use crate::course::Course;
use crate::trouble::{Result, Trouble};
use crate::verdict::Standing;

/// Checks the checker itself: near-misses must fail, right programs must pass, and stub and
/// solution must differ in their gaps only.
///
/// # Errors
/// When the check cannot be run.
pub async fn check(_course: &Course) -> Result<Standing> {
    Err(Trouble::new(
        "could not check the checker: there is nothing to check yet",
    ))
}
