//! `checker watch`.

use clap::Args;

use crate::trouble::{Result, Trouble};
use crate::verdict::Standing;

/// Its flags.
#[derive(Debug, Default, Args)]
pub(super) struct WatchArgs {}

/// Runs it.
pub(super) fn run(_args: WatchArgs) -> Result<Standing> {
    Err(Trouble::new("could not do this yet"))
}
