//! What the solution costs, beside other ways to count the same words in the same run.
//!
//! Each way is taken in turns, three times, on ten copies of the King James Bible. Only the ratios
//! to the plain count, one thread of this process, mean something: absolute times differ from
//! machine to machine and from hour to hour. Then the text grows, to see that the memory of the
//! nodes does not grow with it.
//!
//! `cargo bench -p map-reduce-solution --bench beside_others` runs all; with `-- growth` or
//! `-- beside` behind it, only that half.
#![allow(clippy::disallowed_methods)] // Real time is what is measured here.
#![allow(clippy::print_stdout)] // A bench that nobody reads may panic.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use foldhash::fast::FixedState;
use hashbrown::HashMap;

const ROUNDS: usize = 3;

const BIBLE: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../exercises/part2_map_reduce/data/kjv.txt"
);

const PYTHON: &str = "
import collections, re, sys
words = collections.Counter()
for line in open(sys.argv[1], 'rb'):
    words.update(re.findall(rb'[A-Za-z]+', line))
with open(sys.argv[2], 'wb') as output:
    for word in sorted(words):
        output.write(b'%s\\t%d\\n' % (word, words[word]))
";

/// A way to count the words of a file into another file, or a folder of them.
type Way = (&'static str, fn(&Path, &Path) -> bool);

/// The first is the one that the others are compared with.
const WAYS: [Way; 6] = [
    ("one thread, no cluster", one_thread),
    ("two threads, no cluster", two_threads),
    ("tr | sort | uniq -c", shell),
    ("python3, Counter", python),
    ("map-reduce, 1 node", |text, to| map_reduce(1, text, to)),
    ("map-reduce, 2 nodes", |text, to| map_reduce(2, text, to)),
];

fn main() {
    let wanted = std::env::args().nth(1).unwrap_or_default();
    let chosen = |name| wanted.starts_with("--") || wanted.is_empty() || wanted == name;
    let folder = tempfile::tempdir().unwrap();
    if chosen("beside") {
        beside(folder.path());
    }
    if chosen("growth") {
        growth(folder.path());
    }
}

fn beside(folder: &Path) {
    let text = copies(folder, 10);
    let mut times: Vec<Vec<f64>> = vec![Vec::new(); WAYS.len()];
    for round in 0..ROUNDS {
        for (way, (name, count)) in WAYS.iter().enumerate() {
            let to = folder.join(format!("{way}-{round}"));
            let begun = Instant::now();
            if count(&text, &to) {
                times[way].push(begun.elapsed().as_secs_f64());
                let right = counts(&to) == counts(&folder.join(format!("0-{round}")));
                assert!(right, "{name} has counted something else");
            }
        }
    }
    println!(
        "{:<34} {:>10} {:>20}",
        "45 MB of text", "time", "/ one thread"
    );
    for ((name, _), taken) in WAYS.iter().zip(&times) {
        if taken.len() < ROUNDS {
            println!("{name:<34} {:>10}", "not here");
            continue;
        }
        let ratios = taken.iter().zip(&times[0]).map(|(time, one)| time / one);
        let (mut ratios, mut taken): (Vec<f64>, _) = (ratios.collect(), taken.clone());
        let ratio = median(&mut ratios);
        let (least, most) = (ratios[0], ratios[ROUNDS - 1]);
        println!(
            "{name:<34} {:>7.0} ms {:>20}",
            median(&mut taken) * 1e3,
            format!("{ratio:.2} ({least:.2}–{most:.2})")
        );
    }
}

fn growth(folder: &Path) {
    println!(
        "{:<34} {:>10} {:>12} {:>26}",
        "map-reduce, 2 nodes", "time", "per 4.5 MB", "most memory of a node"
    );
    for times in [1, 10, 50] {
        let text = copies(folder, times);
        let to = folder.join(format!("grown-{times}"));
        let begun = Instant::now();
        let mut running = command(2, &text, &to).spawn().unwrap();
        let mut most = 0;
        while running.try_wait().unwrap().is_none() {
            most = most.max(memory_of_children(running.id()));
            std::thread::sleep(Duration::from_millis(5));
        }
        let took = begun.elapsed().as_secs_f64() * 1e3;
        let memory = match most {
            0 => "not known here".into(),
            most => format!("{:.1} MB", most as f64 / 1e3),
        };
        println!(
            "{:<34} {took:>7.0} ms {:>9.0} ms {memory:>26}",
            format!("{times} times the text"),
            took / f64::from(times)
        );
    }
}

/// A file with so many copies of the text.
fn copies(folder: &Path, times: u32) -> PathBuf {
    let path = folder.join(format!("text-{times}"));
    let bible = fs::read(BIBLE).unwrap();
    let mut file = fs::File::create(&path).unwrap();
    (0..times).for_each(|_| file.write_all(&bible).unwrap());
    path
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// All lines of a file or of the files of a folder, in order.
fn counts(path: &Path) -> Vec<String> {
    let files: Vec<PathBuf> = match fs::read_dir(path) {
        Ok(files) => files.map(|file| file.unwrap().path()).collect(),
        Err(_) => vec![path.to_owned()],
    };
    let texts = files.iter().map(|file| fs::read_to_string(file).unwrap());
    let mut lines: Vec<String> = texts
        .flat_map(|text| text.lines().map(str::to_owned).collect::<Vec<_>>())
        .collect();
    lines.sort();
    lines
}

// ── the other ways ──

type Table = HashMap<Vec<u8>, u64, FixedState>;

fn one_thread(text: &Path, to: &Path) -> bool {
    let bytes = fs::read(text).unwrap();
    write(count(&bytes), to);
    true
}

fn two_threads(text: &Path, to: &Path) -> bool {
    let bytes = fs::read(text).unwrap();
    let middle = bytes.len() / 2;
    let line = bytes[middle..].iter().position(|&byte| byte == b'\n');
    let (first, second) = bytes.split_at(middle + line.unwrap_or(0));
    let total = std::thread::scope(|scope| {
        let other = scope.spawn(|| count(second));
        let mut total = count(first);
        for (word, count) in other.join().unwrap() {
            *total.entry(word).or_insert(0) += count;
        }
        total
    });
    write(total, to);
    true
}

fn count(bytes: &[u8]) -> Table {
    let mut table = Table::with_hasher(FixedState::default());
    for word in bytes.split(|byte| !byte.is_ascii_alphabetic()) {
        if !word.is_empty() {
            *table.entry_ref(word).or_insert(0) += 1;
        }
    }
    table
}

fn write(table: Table, to: &Path) {
    let mut lines: Vec<_> = table.into_iter().collect();
    lines.sort_unstable();
    let mut file = std::io::BufWriter::new(fs::File::create(to).unwrap());
    for (word, count) in lines {
        file.write_all(&word).unwrap();
        writeln!(file, "\t{count}").unwrap();
    }
}

fn shell(text: &Path, to: &Path) -> bool {
    let script = r#"tr -cs A-Za-z '\n' <"$1" | sort | uniq -c | sed -E '/^ *[0-9]+ $/d;s/^ *([0-9]+) (.*)$/\2\t\1/' >"$2""#;
    let mut sh = Command::new("sh");
    sh.args(["-c", script, "sh"]).args([text, to]);
    done(sh.env("LC_ALL", "C"))
}

fn python(text: &Path, to: &Path) -> bool {
    done(
        Command::new("python3")
            .args(["-c", PYTHON])
            .args([text, to]),
    )
}

/// Runs a program of others; says whether it was there and went well.
fn done(command: &mut Command) -> bool {
    command.status().is_ok_and(|status| status.success())
}

// ── the solution ──

fn map_reduce(nodes: usize, text: &Path, to: &Path) -> bool {
    let status = command(nodes, text, to).status().unwrap();
    assert!(status.success());
    true
}

fn command(nodes: usize, text: &Path, to: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_map-reduce-solution"));
    command
        .args(["run", "--nodes", &nodes.to_string(), "--input"])
        .arg(text)
        .arg("--output")
        .arg(to)
        .stdout(Stdio::null());
    command
}

/// The most memory that one of the children of a process has had so far, in kB; 0 where that cannot
/// be seen.
fn memory_of_children(process: u32) -> u64 {
    let children = format!("/proc/{process}/task/{process}/children");
    let children = fs::read_to_string(children).unwrap_or_default();
    let peak = |child: &str| -> Option<u64> {
        let status = fs::read_to_string(format!("/proc/{child}/status")).ok()?;
        let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
        line.split_whitespace().nth(1)?.parse().ok()
    };
    let peaks = children.split_whitespace().filter_map(peak);
    peaks.max().unwrap_or(0)
}
