//! The command `checker`. All it does itself is to turn outcomes into exit codes.

use std::panic::{self, AssertUnwindSafe};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};

use runtime::terminal::note;
use testkit::verdict::Standing;

/// Set when any thread of the checker panicked: whatever was graded then cannot be trusted.
static PANICKED: AtomicBool = AtomicBool::new(false);

fn main() -> ExitCode {
    panic::set_hook(Box::new(|panic| {
        PANICKED.store(true, Ordering::SeqCst);
        note(format_args!(
            "checker fault: {panic}\nThis is a mistake in the checker, not in your code. Please report it, with the command that you ran."
        ));
    }));
    let ended = panic::catch_unwind(AssertUnwindSafe(|| checker::cli::main(std::env::args_os())));
    match ended {
        Ok(standing) if !PANICKED.load(Ordering::SeqCst) => ExitCode::from(standing.exit_code()),
        _ => ExitCode::from(Standing::CheckerFault.exit_code()),
    }
}
