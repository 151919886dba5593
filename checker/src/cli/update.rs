//! `checker update`.

use clap::Args;

use crate::trouble::{Result, Trouble};
use crate::verdict::Standing;

/// Its flags.
#[derive(Debug, Args)]
pub(super) struct UpdateArgs {}

/// Runs it.
pub(super) fn run(_args: UpdateArgs) -> Result<Standing> {
    Err(Trouble::new("could not do this yet"))
}
