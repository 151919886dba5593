//! Rust's toolchain as a sandbox sees it: without rustup, whose proxies want their own files.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use testkit::guard::Program;

/// What decides how code is compiled, and may pass into the sandbox.
const PASSED: &[&str] = &["CARGO_", "RUST", "CC", "CFLAGS", "LANG", "LC_"];

/// The toolchain in use, found once.
fn sysroot() -> Option<&'static PathBuf> {
    static FOUND: OnceLock<Option<PathBuf>> = OnceLock::new();
    let find = || {
        let output = Command::new("rustc")
            .args(["--print", "sysroot"])
            .output()
            .ok()?;
        let path = String::from_utf8(output.stdout).ok()?;
        Some(PathBuf::from(path.trim_end())).filter(|path| path.join("bin/cargo").is_file())
    };
    FOUND.get_or_init(find).as_ref()
}

/// Where cargo keeps what it has downloaded.
fn cargo_home() -> PathBuf {
    let home = || std::env::home_dir().unwrap_or_default().join(".cargo");
    std::env::var_os("CARGO_HOME").map_or_else(home, PathBuf::from)
}

/// What a build reads besides the course: the toolchain, and downloaded packages. Not the
/// credentials that stand beside them.
pub fn readable() -> Vec<PathBuf> {
    let home = cargo_home();
    let of_home = ["registry", "git", "config.toml", "config"].map(|name| home.join(name));
    let toolchain = sysroot().map(|path: &PathBuf| Path::new(path).to_owned());
    toolchain.into_iter().chain(of_home).collect()
}

/// Cargo with the toolchain's own programs, and with what the checker's environment says about
/// compiling.
pub(super) fn for_sandbox(cargo: Program) -> Program {
    let mut path = OsString::new();
    let mut cargo = cargo;
    if let Some(sysroot) = sysroot() {
        cargo = cargo.program(sysroot.join("bin/cargo"));
        path.push(sysroot.join("bin"));
        path.push(":");
    }
    path.push("/usr/local/bin:/usr/bin:/bin");
    for (name, value) in std::env::vars_os() {
        let text = name.to_string_lossy();
        let is_secret = text.contains("TOKEN") || text.contains("CREDENTIAL");
        if PASSED.iter().any(|prefix| text.starts_with(prefix)) && !is_secret {
            cargo = cargo.env(name, value);
        }
    }
    cargo.env("PATH", path).env("CARGO_HOME", cargo_home())
}
