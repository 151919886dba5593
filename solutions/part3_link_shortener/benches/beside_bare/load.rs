//! The load that other programs make, and how what they say is compared.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

/// How many connections each has.
const CONNECTIONS: &str = "64";

/// How long one round takes.
const SECONDS: &str = "3";

/// More links than one round creates.
pub(crate) const URLS: usize = 250_000;

/// Creates a link for each line of a file. The two threads share the lines between them.
const CREATE: &str = r#"
local threads = 0
function setup(thread)
  thread:set("number", threads)
  threads = threads + 1
end
function init(args)
  urls, next_url = {}, 0
  for line in io.lines(args[1]) do
    next_url = next_url + 1
    if next_url % 2 == number then urls[#urls + 1] = "url=" .. line end
  end
  next_url = 0
  headers = { ["Content-Type"] = "application/x-www-form-urlencoded" }
end
function request()
  next_url = next_url % #urls + 1
  return wrk.format("POST", "/", headers, urls[next_url])
end
"#;

/// What one round came to.
#[derive(Clone, Copy)]
pub(crate) struct Round {
    pub(crate) per_second: f64,
    /// What one of a hundred requests took longer than, in milliseconds.
    pub(crate) p99: f64,
}

/// Follows one link for a while.
pub(crate) fn redirects(port: u16, code: &str) -> Round {
    wrk(&[&format!("http://127.0.0.1:{port}/{code}")])
}

/// Creates links for a while, one for each line of a file.
pub(crate) fn creations(port: u16, urls: &Path) -> Round {
    let script = crate::processes::scratch().join("create.lua");
    std::fs::write(&script, CREATE).unwrap();
    let url = format!("http://127.0.0.1:{port}/");
    let (script, urls) = (script.to_str().unwrap(), urls.to_str().unwrap());
    wrk(&["-s", script, &url, "--", urls])
}

fn wrk(args: &[&str]) -> Round {
    let mut command = Command::new("wrk");
    command.args(["-t2", "-c", CONNECTIONS, "-d", SECONDS, "--latency"]);
    let output = command.args(args).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    for bad in ["Non-2xx or 3xx responses", "Socket errors"] {
        assert!(!text.contains(bad), "{text}");
    }
    let value = |name| {
        let line = text.lines().find_map(|line| line.trim().strip_prefix(name));
        line.unwrap_or_else(|| panic!("wrk does not say {name}: {text}"))
            .trim()
    };
    Round {
        per_second: value("Requests/sec:").parse().unwrap(),
        p99: milliseconds(value("99%")),
    }
}

fn milliseconds(text: &str) -> f64 {
    let number = text.trim_end_matches(char::is_alphabetic);
    let unit = match &text[number.len()..] {
        "us" => 1e-3,
        "ms" => 1.0,
        _ => 1e3,
    };
    number.parse::<f64>().unwrap() * unit
}

/// Sets values of about the length of a link for a while, each connection with one command on its
/// way.
pub(crate) fn sets(port: u16) -> Round {
    let mut command = Command::new("redis-benchmark");
    command.args(["-p", &port.to_string(), "-t", "set", "-P", "1"]);
    command.args(["-c", CONNECTIONS, "-n", "150000", "-r", "1000000"]);
    let output = command.args(["-d", "60", "--csv"]).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    let line = text.lines().find(|line| line.starts_with("\"SET\""));
    let line = line.unwrap_or_else(|| panic!("no SET in what redis-benchmark says: {text}"));
    let value = |column| {
        let value = line.split(',').nth(column).unwrap();
        value.trim_matches('"').parse().unwrap()
    };
    Round {
        per_second: value(1),
        p99: value(6),
    }
}

/// One way to do something, with all its rounds.
pub(crate) struct Way<'a> {
    pub(crate) name: &'a str,
    pub(crate) round: Box<dyn Fn(usize) -> Round + 'a>,
}

/// Takes some ways in turns, and prints how they compare with the first.
pub(crate) fn compare(what: &str, rounds: usize, ways: &[Way<'_>]) {
    let mut taken: Vec<Vec<Round>> = vec![Vec::new(); ways.len()];
    for number in 0..rounds {
        for (way, taken) in ways.iter().zip(&mut taken) {
            taken.push((way.round)(number));
        }
    }
    let beside = format!("/ {}", ways[0].name);
    println!("{what:<36} {:>12} {:>10}   {beside}", "a second", "p99");
    for (way, rounds) in ways.iter().zip(&taken) {
        let ratios = rounds.iter().zip(&taken[0]);
        let mut ratios: Vec<f64> = ratios
            .map(|(one, bare)| one.per_second / bare.per_second)
            .collect();
        let ratio = median(&mut ratios);
        println!(
            "{:<36} {:>12.0} {:>7.1} ms   {ratio:.2} ({:.2}–{:.2})",
            way.name,
            median(
                &mut rounds
                    .iter()
                    .map(|round| round.per_second)
                    .collect::<Vec<_>>()
            ),
            median(&mut rounds.iter().map(|round| round.p99).collect::<Vec<_>>()),
            ratios[0],
            ratios[ratios.len() - 1],
        );
    }
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// A file with that many URLs, one a line.
pub(crate) fn file_of_urls(name: &str, urls: impl Iterator<Item = String>) -> PathBuf {
    let path = crate::processes::scratch().join(name);
    let mut file = BufWriter::new(File::create(&path).unwrap());
    for url in urls.take(URLS) {
        writeln!(file, "{url}").unwrap();
    }
    path
}
