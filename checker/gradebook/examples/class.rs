//! Makes a class: a folder of submissions of part 1, to try and to measure `checker grade` with.
//!
//! `cargo run -p gradebook --example class -- FOLDER NUMBER` writes so many submissions, right ones, partly filled
//! ones, near-misses and hostile ones, as folders and archives. Their names say what they are, and
//! `FOLDER.expected.csv` says for each problem what must come out: pass, fail, any.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

use grader::course::Course;
use grader::dev::variants::{Kind, Variant};
use grader::sources::Sources;
use testkit::part::Part;

/// What is handed in, and what must come out of each problem.
struct Made {
    name: String,
    sources: Sources,
    expected: Vec<&'static str>,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args: Vec<String> = std::env::args().collect();
    let [_, folder, number] = args.as_slice() else {
        return Err("usage: class FOLDER NUMBER".into());
    };
    let (folder, number): (&Path, usize) = (folder.as_ref(), number.parse()?);
    let course = Course::here()?;
    let part = part1_ping_pong::part();
    let solution = Sources::read(&course.solution(&part))?;
    let stub = Sources::read(&course.root.join("checker/stubs").join(part.folder))?;
    let variants = Variant::read_all(&course.near_misses(&part))?;
    fs::create_dir_all(folder)?;
    let mut table = String::from("name,expected\n");
    for place in 0..number {
        let made = made(place, &part, &solution, &stub, &variants)?;
        hand_in(folder, place, &made, part.folder)?;
        table += &format!("{},{}\n", made.name, made.expected.join(" "));
    }
    fs::write(folder.with_extension("expected.csv"), table)?;
    Ok(())
}

/// Of ten submissions, three are right, three partly filled, three near-misses, and one is hostile or broken.
fn made(
    place: usize,
    part: &Part,
    solution: &Sources,
    stub: &Sources,
    variants: &[Variant],
) -> Result<Made, Box<dyn std::error::Error>> {
    let problems = part.problems.len();
    let round = place / 10;
    let mut made = match place % 10 {
        0..3 => Made {
            name: format!("s{place:03}_right"),
            sources: solution.clone(),
            expected: vec!["pass"; problems],
        },
        3..6 => {
            let filled = (place % 10 - 3 + 3 * (round % 2)) % problems;
            let of_problem = |problem: usize| if problem < filled { "pass" } else { "fail" };
            Made {
                name: format!("s{place:03}_filled_{filled}"),
                sources: stub.filled(solution, filled as u8)?,
                expected: (0..problems).map(of_problem).collect(),
            }
        }
        6..9 => {
            let variant = &variants[(round * 3 + place % 10 - 6) * 7 % variants.len()];
            let mut expected = vec!["any"; problems];
            match &variant.kind {
                Kind::NearMiss { problems, .. } => {
                    problems
                        .iter()
                        .for_each(|problem| expected[usize::from(*problem) - 1] = "fail");
                }
                _ => expected.fill("pass"),
            }
            Made {
                name: format!("s{place:03}_{}", variant.name),
                sources: variant.apply(solution)?,
                expected,
            }
        }
        _ => hostile(place, round, problems, solution),
    };
    // No two are the same text.
    let consumer = made
        .sources
        .files
        .entry("consumer.rs".to_owned())
        .or_default();
    consumer.push_str(&format!("\n// Handed in as number {place}.\n"));
    Ok(made)
}

fn hostile(place: usize, round: usize, problems: usize, solution: &Sources) -> Made {
    const AT: &str = "ctx.watch_nodes();";
    let (name, code, items) = match round % 6 {
        0 => ("hangs", "loop { std::hint::spin_loop(); }", ""),
        1 => ("does_not_compile", "let x: u64 = \"no\";", ""),
        2 => (
            "floods",
            "loop { eprintln!(\"{}\", \"x\".repeat(1000)); }",
            "",
        ),
        3 => (
            "forks",
            "loop { let _ = std::process::Command::new(\"sleep\").arg(\"1000\").spawn(); }",
            "",
        ),
        4 => (
            "builds_forever",
            "",
            "macro_rules! more { ($($x:tt)*) => { more!($($x)* $($x)*); } }\nmore!(a b);\n",
        ),
        _ => (
            "reads_elsewhere",
            "let _ = include_str!(\"/etc/passwd\");",
            "",
        ),
    };
    let mut sources = solution.clone();
    let consumer = sources.files.entry("consumer.rs".to_owned()).or_default();
    *consumer = consumer.replace(AT, &format!("{AT} {code}")) + items;
    Made {
        name: format!("s{place:03}_{name}"),
        sources,
        expected: vec!["fail"; problems],
    }
}

/// Writes it as a folder, a wrapped zip or a tar.gz, in turn.
fn hand_in(all: &Path, place: usize, made: &Made, part: &str) -> io::Result<()> {
    let files = made
        .sources
        .files
        .iter()
        .filter(|(name, _)| *name != "lib.rs");
    match place % 3 {
        0 => {
            let folder = all.join(&made.name).join("src");
            fs::create_dir_all(&folder)?;
            for (name, text) in files {
                fs::write(folder.join(name), text)?;
            }
        }
        1 => {
            let mut zip =
                zip::ZipWriter::new(File::create(all.join(format!("{}.zip", made.name)))?);
            for (name, text) in files {
                let name = format!("homework/{part}/src/{name}");
                zip.start_file(name, zip::write::SimpleFileOptions::default())?;
                zip.write_all(text.as_bytes())?;
            }
            zip.finish()?;
        }
        _ => {
            let file = File::create(all.join(format!("{}.tar.gz", made.name)))?;
            let mut tar = tar::Builder::new(flate2::write::GzEncoder::new(
                file,
                flate2::Compression::fast(),
            ));
            for (name, text) in files {
                let mut header = tar::Header::new_ustar();
                header.set_mode(0o644);
                header.set_size(text.len() as u64);
                tar.append_data(&mut header, format!("{part}/src/{name}"), text.as_bytes())?;
            }
            tar.into_inner()?.finish()?;
        }
    }
    Ok(())
}
