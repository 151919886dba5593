//! `checker shell`.

use clap::Args;

use crate::trouble::{Result, Trouble};
use crate::verdict::Standing;

/// Its flags.
#[derive(Debug, Args)]
pub(super) struct ShellArgs {}

/// Runs it.
pub(super) fn run(_args: ShellArgs) -> Result<Standing> {
    Err(Trouble::new("could not do this yet"))
}
