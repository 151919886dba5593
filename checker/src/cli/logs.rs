//! `checker logs`.

use clap::Args;

use crate::trouble::{Result, Trouble};
use crate::verdict::Standing;

/// Its flags.
#[derive(Debug, Args)]
pub(super) struct LogsArgs {
    /// The node: n2, say
    pub node: String,
}

/// Runs it.
pub(super) fn run(_args: LogsArgs) -> Result<Standing> {
    Err(Trouble::new("could not do this yet"))
}
