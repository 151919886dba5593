//! `checker doctor`: whether a machine can run the course, and what to repair.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use colored::Colorize;
use runtime::directory::{AsRegistered, DirectoryServer};
use runtime::net::DirectoryMode;
use runtime::{Cookie, Net, Node, NodeConfig, NodeName, TcpNet};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::Command;
use tokio::time::{Instant, timeout};

use grader::building::cargo_program;
use grader::course::{Course, numbers};
use report::terminal::print;
use report::words::wrap;
use testkit::screen::width;
use testkit::store::StoreChoice;
use testkit::trouble::Result;
use testkit::verdict::Standing;

/// What the doctor says about one thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What was examined.
    pub about: &'static str,
    /// How it is.
    pub health: Health,
    /// What was found, as a fragment.
    pub found: String,
    /// What to do, as a sentence; empty when all is well.
    pub remedy: String,
}

/// How something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Health {
    /// As it should be.
    Ok,
    /// The course works, with a drawback.
    Warning,
    /// The course does not work like this.
    Broken,
}

impl Finding {
    /// All is well.
    pub fn ok(about: &'static str, found: impl Into<String>) -> Finding {
        Finding {
            about,
            health: Health::Ok,
            found: found.into(),
            remedy: String::new(),
        }
    }

    /// Something could be better.
    pub fn warning(
        about: &'static str,
        found: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Finding {
        Finding {
            about,
            health: Health::Warning,
            found: found.into(),
            remedy: remedy.into(),
        }
    }

    /// Something must be repaired.
    pub fn broken(
        about: &'static str,
        found: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Finding {
        Finding {
            about,
            health: Health::Broken,
            found: found.into(),
            remedy: remedy.into(),
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = match self.health {
            Health::Ok => "ok     ".green(),
            Health::Warning => "warning".yellow(),
            Health::Broken => "broken ".red().bold(),
        };
        const COLUMN: usize = 22;
        let column = format!("\n{:COLUMN$}", "");
        let room = width() - COLUMN;
        let found = wrap(&self.found, room).join(&column);
        write!(f, "{word}  {:<12} {found}", self.about)?;
        for line in wrap(&self.remedy, room) {
            write!(f, "{column}{line}")?;
        }
        Ok(())
    }
}

/// Examines the machine and prints a line for each finding.
///
/// # Errors
/// When a finding cannot be printed; all else that goes wrong is a finding.
pub async fn examine() -> Result<Standing> {
    let course = Course::here();
    let mut worst = Health::Ok;
    let mut tell = |finding: Finding| -> Result<()> {
        worst = worst.max(finding.health);
        print(format_args!("{finding}\n"))
    };
    let root = course
        .as_ref()
        .map(|course| course.root.clone())
        .unwrap_or_else(|_| PathBuf::from("."));
    match &course {
        Ok(course) => tell(course_version(course))?,
        Err(trouble) => tell(Finding::broken("course", trouble.to_string(), ""))?,
    }
    let wanted = course
        .as_ref()
        .map(|course| course.rust_version.clone())
        .unwrap_or_default();
    tell(toolchain(&root, &wanted).await)?;
    tell(cargo(&root).await)?;
    tell(linker().await)?;
    tell(loopback(measure_loopback().await))?;
    tell(two_nodes().await)?;
    tell(disk("disk", &root))?;
    tell(disk("temp disk", &std::env::temp_dir()))?;
    tell(open_files())?;
    tell(store().await)?;
    let summary = match worst {
        Health::Ok => "This machine can run the course.",
        Health::Warning => "This machine can run the course; see the warnings.",
        Health::Broken => "Repair what the *broken* lines name, then run this again.",
    };
    print(format_args!("\n{summary}\n"))?;
    Ok(if worst == Health::Broken {
        Standing::Failed
    } else {
        Standing::Passed
    })
}

fn course_version(course: &Course) -> Finding {
    match course.newer_than_checker() {
        Some(advice) => Finding::warning("course", format!("version {}", course.version), advice),
        None => Finding::ok(
            "course",
            format!("version {} in {}", course.version, course.root.display()),
        ),
    }
}

async fn toolchain(root: &Path, wanted: &str) -> Finding {
    let remedy = "Install or update Rust with rustup (https://rustup.rs): `rustup update stable`.";
    let Some(said) = first_line(Command::new("rustc").arg("--version").current_dir(root)).await
    else {
        return Finding::broken("rustc", "not found", remedy);
    };
    let version = said.split(' ').nth(1).unwrap_or_default();
    if numbers(version) < numbers(wanted) {
        Finding::broken(
            "rustc",
            format!("{version}, but the course needs {wanted}"),
            remedy,
        )
    } else {
        Finding::ok("rustc", version)
    }
}

async fn cargo(root: &Path) -> Finding {
    match first_line(
        Command::new(cargo_program())
            .arg("--version")
            .current_dir(root),
    )
    .await
    {
        Some(said) => Finding::ok("cargo", said.split(' ').nth(1).unwrap_or(&said)),
        None => Finding::broken(
            "cargo",
            "not found",
            "Cargo comes with Rust: install it with rustup (https://rustup.rs).",
        ),
    }
}

async fn linker() -> Finding {
    match first_line(Command::new("cc").arg("--version")).await {
        Some(said) => Finding::ok("linker", said),
        None => Finding::warning(
            "linker",
            "no `cc` found",
            "Rust links with it. Debian and Ubuntu: `sudo apt install build-essential`; macOS: `xcode-select --install`.",
        ),
    }
}

/// Whether two nodes find each other over the system's network, prove their cookie and talk.
async fn two_nodes() -> Finding {
    const ABOUT: &str = "two nodes";
    let begun = Instant::now();
    match timeout(TOO_LONG, connect_two_nodes()).await {
        Ok(Ok(())) => Finding::ok(
            ABOUT,
            format!(
                "connected and called each other in {} ms",
                begun.elapsed().as_millis()
            ),
        ),
        Ok(Err(why)) => Finding::broken(
            ABOUT,
            why,
            "If the loopback lines are ok, please report this: run `cargo test -p runtime` and send its output.",
        ),
        Err(_) => Finding::broken(
            ABOUT,
            format!("did not connect within {} s", TOO_LONG.as_secs()),
            "Something delays connections on this machine; see the loopback lines.",
        ),
    }
}

async fn connect_two_nodes() -> std::result::Result<(), String> {
    let any = "127.0.0.1:0"
        .parse()
        .expect("a constant that is an address");
    let directory = DirectoryServer::bind(any, Arc::new(AsRegistered)).await;
    let directory = directory.map_err(|error| format!("no directory could be served: {error}"))?;
    let start = async |name: &str| {
        let net = Net::Tcp(TcpNet::with(DirectoryMode::At(directory.address())));
        let name: NodeName = name.parse().expect("a constant that is a name");
        let cookie = Cookie::from_text("examination").expect("a constant that is a cookie");
        let node = Node::start(NodeConfig::new(name, cookie, net)).await;
        node.map_err(|error| format!("a node did not start: {error}"))
    };
    let (gold, silver) = (
        start("gold@127.0.0.1").await?,
        start("silver@127.0.0.1").await?,
    );
    let met = async {
        gold.connect(silver.name())
            .await
            .map_err(|error| error.to_string())?;
        gold.ping(silver.name())
            .await
            .map_err(|error| error.to_string())?;
        silver
            .ping(gold.name())
            .await
            .map_err(|error| error.to_string())
    };
    let met = met.await;
    gold.stop().await;
    silver.stop().await;
    met.map(drop)
}

/// How connections on this machine itself fare.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Loopback {
    CannotListen(String),
    CannotConnect(String),
    TakesTooLong,
    Works { middle: Duration, longest: Duration },
}

/// How many connections are tried.
const TRIES: usize = 40;

/// How long a connection may take before it is taken for lost.
const TOO_LONG: Duration = Duration::from_secs(3);

async fn measure_loopback() -> Loopback {
    let listener = match TcpListener::bind("127.0.0.1:0").await {
        Ok(listener) => listener,
        Err(error) => return Loopback::CannotListen(error.to_string()),
    };
    let Ok(address) = listener.local_addr() else {
        return Loopback::CannotListen("it has no address".into());
    };
    let echo = tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut byte = [0];
            if stream.read_exact(&mut byte).await.is_ok() {
                let _ = stream.write_all(&byte).await;
            }
        }
    });
    let mut times = Vec::new();
    for _ in 0..TRIES {
        let begun = Instant::now();
        let trip = async {
            let mut stream = TcpStream::connect(address).await?;
            stream.write_all(&[1]).await?;
            stream.read_exact(&mut [0]).await
        };
        match timeout(TOO_LONG, trip).await {
            Ok(Ok(_)) => times.push(begun.elapsed()),
            Ok(Err(error)) => return Loopback::CannotConnect(error.to_string()),
            Err(_) => return Loopback::TakesTooLong,
        }
    }
    echo.abort();
    times.sort();
    Loopback::Works {
        middle: times[times.len() / 2],
        longest: times[times.len() - 1],
    }
}

fn loopback(measured: Loopback) -> Finding {
    const ABOUT: &str = "loopback";
    const FIREWALL: &str = "A firewall, a VPN client or a security tool interferes with connections on this machine. \
Disconnect from the VPN, or allow connections to 127.0.0.1, and run `checker doctor` again.";
    match measured {
        Loopback::CannotListen(error) => Finding::broken(
            ABOUT,
            format!("a program cannot listen on 127.0.0.1: {error}"),
            FIREWALL,
        ),
        Loopback::CannotConnect(error) => Finding::broken(
            ABOUT,
            format!("connections to 127.0.0.1 are refused: {error}"),
            FIREWALL,
        ),
        Loopback::TakesTooLong => Finding::broken(
            ABOUT,
            format!(
                "a connection to 127.0.0.1 took over {} s",
                TOO_LONG.as_secs()
            ),
            FIREWALL,
        ),
        Loopback::Works { middle, longest } => {
            let found = format!(
                "a connection and a byte there and back: {:.2} ms, at most {:.1} ms",
                middle.as_secs_f64() * 1e3,
                longest.as_secs_f64() * 1e3
            );
            if middle > Duration::from_millis(20) || longest > Duration::from_millis(500) {
                Finding::warning(ABOUT, format!("slow: {found}"), FIREWALL)
            } else {
                Finding::ok(ABOUT, found)
            }
        }
    }
}

fn disk(about: &'static str, folder: &Path) -> Finding {
    let free = match rustix::fs::statvfs(folder) {
        Ok(stat) => stat.f_bavail.saturating_mul(stat.f_frsize),
        Err(error) => {
            return Finding::warning(
                about,
                format!("could not look at {}: {error}", folder.display()),
                "",
            );
        }
    };
    free_disk(about, free, folder)
}

fn free_disk(about: &'static str, free: u64, folder: &Path) -> Finding {
    let found = format!("{:.1} GB free in {}", free as f64 / 1e9, folder.display());
    let remedy = "Building the whole course takes about 2 GB: free some space, or set CARGO_TARGET_DIR to a folder with space.";
    match free {
        0..300_000_000 => Finding::broken(about, found, remedy),
        300_000_000..2_000_000_000 => Finding::warning(about, found, remedy),
        _ => Finding::ok(about, found),
    }
}

fn open_files() -> Finding {
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
    match limit {
        Some(limit) if limit < 256 => Finding::warning(
            "open files",
            format!("at most {limit}"),
            "A cluster needs a few hundred connections: run `ulimit -n 1024` in this terminal.",
        ),
        Some(limit) => Finding::ok("open files", format!("at most {limit}")),
        None => Finding::ok("open files", "no limit"),
    }
}

async fn store() -> Finding {
    const ABOUT: &str = "store";
    match StoreChoice::Auto.try_out().await {
        Ok(which) => Finding::ok(ABOUT, format!("parts 3 and 4 would use {which}")),
        Err(trouble) => Finding::warning(
            ABOUT,
            format!("parts 3 and 4 {trouble}"),
            "Start that server, unset REDIS_URL, or use `--store embedded`.",
        ),
    }
}

async fn first_line(command: &mut Command) -> Option<String> {
    let output = command
        .stdin(std::process::Stdio::null())
        .kill_on_drop(true)
        .output();
    let output = timeout(Duration::from_secs(10), output).await.ok()?.ok()?;
    let said = String::from_utf8_lossy(&output.stdout)
        .lines()
        .next()?
        .to_owned();
    output.status.success().then_some(said)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refused_and_slow_connections_name_the_firewall() {
        let slow = Loopback::Works {
            middle: Duration::from_millis(30),
            longest: Duration::from_millis(40),
        };
        for (measured, health) in [
            (
                Loopback::CannotListen("not permitted".into()),
                Health::Broken,
            ),
            (
                Loopback::CannotConnect("connection refused".into()),
                Health::Broken,
            ),
            (Loopback::TakesTooLong, Health::Broken),
            (slow, Health::Warning),
        ] {
            let finding = loopback(measured);
            assert_eq!(finding.health, health, "{finding}");
            assert!(finding.remedy.contains("VPN"), "{finding}");
        }
    }

    #[tokio::test]
    async fn loopback_of_this_machine_is_measured() {
        assert!(matches!(measure_loopback().await, Loopback::Works { .. }));
    }

    #[test]
    fn full_disk_is_broken_and_little_room_a_warning() {
        let health = |free| free_disk("disk", free, Path::new("/")).health;
        assert_eq!(health(0), Health::Broken);
        assert_eq!(health(1_000_000_000), Health::Warning);
        assert_eq!(health(3_000_000_000), Health::Ok);
    }
}
