//! Makes the list of the parts of the dependencies whose names begin with `part` and a number.

use std::path::Path;
use std::{env, fs};

fn main() {
    println!("cargo::rerun-if-changed=Cargo.toml");
    let manifest = fs::read_to_string("Cargo.toml").expect("cargo runs this beside Cargo.toml");
    let mut parts: Vec<(u8, &str)> = manifest.lines().filter_map(part).collect();
    parts.sort_unstable();
    let calls: Vec<String> = parts
        .iter()
        .map(|(_, package)| format!("{package}::part(),"))
        .collect();
    let out = env::var_os("OUT_DIR").expect("cargo gives a folder for what is made");
    let list = format!("vec![{}]", calls.join("\n"));
    fs::write(Path::new(&out).join("parts.rs"), list).expect("cargo's folder can be written");
}

/// The number and the package of the part that a line of the manifest names.
fn part(line: &str) -> Option<(u8, &str)> {
    let package = line.split([' ', '.', '=']).next()?;
    let (number, _) = package.strip_prefix("part")?.split_once('_')?;
    Some((number.parse().ok()?, package))
}
