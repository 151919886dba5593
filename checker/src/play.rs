//! A cluster to play with: started like those of scenarios, and broken by a person at a prompt, or
//! by commands from a file.
//!
//! - `command` lists the commands and their help, `names` knows what completes them.
//! - `session` carries them out, one at a time; `words` reads what stands behind their names.
//! - `eyes` shows what nobody asked for: messages that pass, nodes that end by themselves.
//!
//! Nothing is judged here. Where a scenario would give a verdict, the prompt prints a sentence.

mod command;
mod eyes;
mod names;
mod session;
mod words;

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use prompt::editor::{self, Prompt, Terminal, Typed};
use prompt::screen::Screen;
use prompt::text::utf8;
use tokio::sync::mpsc;

use crate::grading::{self, Program};
use crate::manifest::PARTS;
use eyes::Eyes;
use grader::course::Course;
use grader::part_report::{Graded, PartReport};
use grader::progress::Progress;
use grader::runner::start_guard;
use grader::runs::{self, Run};
use names::Names;
use report::terminal::{self, command_name, render};
use report::{page, progress};
use session::{Flow, Session};
use testkit::cluster::{Cluster, Options};
use testkit::guard::{TerminalGuard, own_program};
use testkit::part::Part;
use testkit::plain_file::{self, MAX_TEXT};
use testkit::processes::Processes;
use testkit::run_dir::RunDir;
use testkit::scenario::{Context, Grounds, Steps};
use testkit::store::{StoreChoice, Stores};
use testkit::trace::Trace;
use testkit::trouble::{Result, Trouble, While};
use testkit::verdict::{Outcome, ProblemResult, Standing, Verdict, World};
use testkit::world::Ground;

/// What to play with.
#[derive(Debug, Clone)]
pub struct Order {
    /// Whose code.
    pub graded: Graded,
    /// How many nodes to start at the beginning.
    pub nodes: u8,
    /// Silence after which a node is declared down.
    pub tick_time: Duration,
    /// The source of random choices.
    pub seed: u64,
    /// Which store the nodes use, where they use one.
    pub store: StoreChoice,
    /// The file with the commands; standard input has them, if not given.
    pub script: Option<PathBuf>,
}

/// The id of what is done by hand, where others have that of a scenario.
const BY_HAND: &str = "by_hand";

/// Where a try's traces and logs are in the folder of a run.
const TRY: &str = "run-1/by_hand-1";

/// Builds a part, starts a cluster of it, and does what is typed until that ends.
///
/// # Errors
/// When the checker cannot do its work. A command that fails in a script is a standing instead.
pub async fn play(course: &Course, part: &'static Part, order: Order) -> Result<Standing> {
    if let Some(script) = &order.script {
        // Before anything is built for it.
        let text = plain_file::read(script, MAX_TEXT)
            .or_trouble(|| format!("read {}", script.display()))?;
        utf8(text).map_err(|why| {
            Trouble::new(format!("could not read {}: it {why}", script.display()))
        })?;
    }
    let mut report = PartReport::new(part, order.graded.clone(), order.seed, 1);
    let solution = order.graded == Graded::Solution;
    let build = grading::build_of_course(course, part, solution);
    let progress: Arc<dyn Progress> = progress::fitting(false, false);
    let run = RunDir::create()?;
    let guard = start_guard(&run)?;
    let built = grading::built(&build, part, &guard, false, &progress, &mut report).await?;
    let binary = match built {
        Program::Built(binary) => binary,
        Program::Refused => {
            terminal::print(render(&report, &PARTS, command_name()))?;
            return Ok(Standing::Failed);
        }
        Program::Hindered(why) => {
            terminal::print(why)?;
            return Ok(Standing::Inconclusive);
        }
    };
    report.notes.clear();

    let program = grading::own_copy(&run, part.package, &binary)?;
    let stores = Stores::new(order.store.clone(), &guard, &run);
    // Where it cannot be kept, there will be no page, and that is said when one is wanted.
    let kept = Run::begin(course, &format!("play-{}", part.name)).ok();
    let folder = kept
        .as_ref()
        .map_or(run.path(), |kept| kept.path())
        .join(TRY);
    std::fs::create_dir_all(&folder).or_trouble(|| format!("make {}", folder.display()))?;
    let processes = Processes {
        guard: guard.clone(),
        binary: program,
        sources: None,
        stores: stores.clone(),
        sandbox: None,
    };
    let grounds = Grounds {
        ground: Ground::Processes(processes),
        data: course.data(part),
        seed: order.seed,
    };
    let (scratch, steps) = (run.path().join("scratch"), Steps::new(|_| {}));
    let context = Context::new(BY_HAND, grounds, folder, scratch, Duration::MAX, steps);
    let place = Place {
        part,
        data: course.data(part),
        scratch: run.folder("yours")?,
        tick_time: order.tick_time,
        kept: kept.as_deref().cloned(),
        report,
    };
    let names = Names::of(part, &build.folder);
    // Dropped last: the guard then restores whatever still needs it.
    let _guard = terminal_guard(&order);
    let _terminal = Terminal::remember();
    let history = runs::folder(course).join("play-history");
    let played = tokio::select! { biased;
        played = with_cluster(&context, &order, place, names, history) => played,
        ended = ended_from_outside() => ended,
    };
    guard.shutdown().await;
    stores.close().await;
    let traced = matches!(played, Ok((_, true)));
    match kept {
        Some(kept) if traced => kept.end(),
        // Without a page nobody will look for it.
        Some(kept) => kept.remove(),
        None => {}
    }
    played.map(|(standing, _)| standing)
}

/// Looks after the terminal where lines are edited in it, in case that the checker is killed.
fn terminal_guard(order: &Order) -> Option<TerminalGuard> {
    if order.script.is_some() || !editor::is_interactive() {
        return None;
    }
    let own = own_program().ok()?;
    // Without it the terminal is only at risk when the checker is killed.
    let mut guard = TerminalGuard::start(&own, std::io::stdin()).ok()?;
    guard.taken_by_editor().ok()?;
    Some(guard)
}

/// What is needed beside a cluster.
struct Place {
    part: &'static Part,
    data: PathBuf,
    /// A folder for the user, deleted at the end.
    scratch: PathBuf,
    tick_time: Duration,
    kept: Option<Run>,
    report: PartReport,
}

impl Place {
    /// Writes the page that shows all that happened so far, and says where it is.
    fn write_page(&self, cluster: &Cluster<'_>) -> Result<PathBuf> {
        let kept = self.kept.as_ref().ok_or_else(|| {
            Trouble::new("could not make a folder for this run in the folder of the course")
        })?;
        let trace = cluster.trace();
        let text = serde_json::to_vec(&trace).or_trouble(|| "write the trace as JSON")?;
        let file = Trace::file(&kept.path().join(TRY), 1);
        std::fs::write(&file, text).or_trouble(|| format!("write {}", file.display()))?;
        let outcome = Outcome {
            scenario: BY_HAND.to_owned(),
            title: "what was done at the prompt".to_owned(),
            problem: 0,
            verdict: Verdict::Passed {
                property: "This is what happened; the checker did not grade it.".to_owned(),
            },
            observations: Vec::new(),
            duration: Duration::from_micros(trace.ended_us),
            repeats: Vec::new(),
            seed: self.report.seed,
            explored: None,
            world: World::Processes,
            schedules: 0,
            unsimulated: None,
            folder: Some(TRY.into()),
        };
        let mut report = self.report.clone();
        report.title = format!("{}, by hand", report.title);
        report.run = Some(kept.path().to_owned());
        report.conclude(vec![ProblemResult::new(0, "By hand", true, vec![outcome])]);
        kept.save(&report)?;
        page::write(kept, &report, &PARTS)?;
        Ok(kept.page())
    }
}

/// How it ended, and whether a page was written.
type Played = Result<(Standing, bool)>;

async fn with_cluster(
    context: &Context,
    order: &Order,
    place: Place,
    names: Names,
    history: PathBuf,
) -> Played {
    let nodes: Vec<String> = (1..=order.nodes).map(|n| format!("n{n}")).collect();
    let names_of_nodes: Vec<&str> = nodes.iter().map(String::as_str).collect();
    let options = Options {
        tick_time: order.tick_time,
        store: place.part.serves_http,
        ..Options::default()
    };
    let screen = Screen::open();
    let started = tokio::select! { biased;
        started = Cluster::start(context, &names_of_nodes, options) => started,
        _ = tokio::signal::ctrl_c() => return Ok((Standing::Inconclusive, false)),
    };
    let cluster = match started {
        Ok(cluster) => cluster,
        Err(stop) => {
            screen.print(session::in_words(stop));
            screen.flushed().await;
            return Ok((Standing::Failed, false));
        }
    };
    welcome(&cluster, &screen, &place, order, context).await;
    let eyes = Eyes::on(&cluster, &screen);
    let mut session = Session::new(&cluster, &eyes, &screen, names.clone(), place);
    let standing = tokio::select! { biased;
        standing = at_work(&mut session, order, &screen, names, history) => Ok(standing),
        trouble = eyes.look() => Err(trouble),
    };
    let traced = session.traced;
    drop(session);
    eyes.rest();
    let unprinted = screen.flushed().await;
    cluster.end().await;
    match unprinted {
        Some(why) => Err(Trouble::new(format!("could not write to stdout: {why}"))),
        None => standing.map(|standing| (standing, traced)),
    }
}

/// Says what there is, and how to go on.
async fn welcome(
    cluster: &Cluster<'_>,
    screen: &Screen,
    place: &Place,
    order: &Order,
    context: &Context,
) {
    let whose = match order.graded {
        Graded::Solution => "the solution of",
        _ => "your",
    };
    let part = place.part;
    let runs = if order.nodes == 1 { "runs" } else { "run" };
    let nodes = words::list(&cluster.everyone());
    let mut lines = vec![
        format!(
            "{nodes} {runs} {whose} part {}, {}.",
            part.number, part.title
        ),
        format!(
            "After {} s of silence, a node is declared down. The seed is {}.",
            order.tick_time.as_secs(),
            order.seed
        ),
    ];
    lines.extend(context.ground.stores().and_then(Stores::note));
    let mut first = None;
    if place.part.serves_http {
        for node in cluster.everyone() {
            if let Ok(address) = cluster.http_address(&node).await {
                first.get_or_insert(address);
                lines.push(format!("  {node}  http://{address}/"));
            }
        }
    }
    if let Some(address) = first {
        lines.push("In another window, or in a browser:".to_owned());
        lines.push(format!(
            "  curl -i -d url=https://example.org/ http://{address}/"
        ));
    }
    if order.script.is_none() && editor::is_interactive() {
        lines.push("Type `help` for the commands, Ctrl-D to end everything.".to_owned());
    }
    screen.print(lines.join("\n"));
}

/// Whether the lines that were typed can be kept there: the editor reads all of what it finds.
fn is_history(file: &Path) -> bool {
    match plain_file::read(file, MAX_TEXT) {
        Err(error) => error.kind() == ErrorKind::NotFound,
        Ok(_) => true,
    }
}

/// Does what is typed, or what stands in the script.
async fn at_work(
    session: &mut Session<'_>,
    order: &Order,
    screen: &Screen,
    names: Names,
    history: PathBuf,
) -> Standing {
    match &order.script {
        Some(file) => {
            let done = tokio::select! { biased;
                done = session.script(file) => done,
                _ = tokio::signal::ctrl_c() => Err("Interrupted.".to_owned()),
            };
            standing(done.map(drop), screen)
        }
        None => {
            let _ = history.parent().map(std::fs::create_dir_all);
            let prompt = Prompt {
                text: format!("{}> ", session.part().name),
                history: is_history(&history).then_some(history),
                second_interrupt_ends: Some("Ctrl-C once more ends the cluster; Ctrl-D does, too."),
            };
            // The prompt must appear below what was printed so far.
            screen.flushed().await;
            let typed = editor::read_lines(prompt, screen, names);
            read(session, typed, screen).await
        }
    }
}

/// Does what is typed, until that ends.
async fn read(
    session: &mut Session<'_>,
    mut typed: mpsc::Receiver<Typed>,
    screen: &Screen,
) -> Standing {
    let interactive = editor::is_interactive();
    loop {
        let typed = tokio::select! { biased;
            typed = typed.recv() => typed,
            // At a prompt Ctrl-C is a key like any other; only a script is ended by it.
            _ = tokio::signal::ctrl_c(), if !interactive => return Standing::Inconclusive,
        };
        let Some(typed) = typed else {
            return Standing::Passed;
        };
        let line = match &typed.line {
            Ok(line) => line,
            Err(why) => {
                let complaint = why.to_string();
                typed.was_last();
                return standing(Err(complaint), screen);
            }
        };
        if !interactive {
            session.echo(line);
        }
        let done = tokio::select! { biased;
            done = session.execute(line) => done,
            _ = tokio::signal::ctrl_c() => Err("Interrupted. The command may have taken effect in part.".to_owned()),
        };
        screen.flushed().await;
        match done {
            Ok(Flow::Next) => {}
            Ok(Flow::End) => {
                typed.was_last();
                return Standing::Passed;
            }
            Err(complaint) if interactive => {
                screen.print(complaint);
                screen.flushed().await;
            }
            Err(complaint) => {
                typed.was_last();
                return standing(Err(complaint), screen);
            }
        }
        // Only now, when `typed` is dropped, is the next prompt shown.
    }
}

fn standing(done: std::result::Result<(), String>, screen: &Screen) -> Standing {
    match done {
        Ok(()) => Standing::Passed,
        Err(complaint) => {
            screen.print(complaint);
            Standing::Failed
        }
    }
}

/// The checker is ended from outside, by a signal that it can handle.
async fn ended_from_outside() -> Played {
    use tokio::signal::unix::{SignalKind, signal};
    let listen = |kind| signal(kind).or_trouble(|| "listen to signals");
    let (mut terminate, mut hangup) = (
        listen(SignalKind::terminate())?,
        listen(SignalKind::hangup())?,
    );
    tokio::select! {
        _ = terminate.recv() => {}
        _ = hangup.recv() => {}
    }
    Ok((Standing::Inconclusive, false))
}
