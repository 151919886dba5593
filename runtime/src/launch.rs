//! The main function of a program that is a node.

use std::net::{IpAddr, SocketAddr};
use std::panic::PanicHookInfo;
use std::pin::Pin;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Parser};
use tokio::io::AsyncReadExt;
use tokio::signal::unix::{SignalKind, signal};

use crate::address::Address;
use crate::cookie::Cookie;
use crate::error::StartError;
use crate::name::NodeName;
use crate::net::{DirectoryMode, Net, TcpNet};
use crate::node::{Node, NodeConfig};
use crate::repeats;
use crate::terminal::{note, print};

/// The flags that every node program understands.
#[derive(Debug, Clone, Args)]
pub struct NodeArgs {
    /// Name of this node, such as gold@127.0.0.1
    #[arg(long)]
    pub name: NodeName,

    /// The secret that all nodes of a cluster share; without it, the one in your cookie file
    #[arg(long)]
    pub cookie: Option<String>,

    /// Address of a directory that another program serves; without it, the nodes of a host share one
    #[arg(long, value_name = "IP:PORT")]
    pub directory: Option<SocketAddr>,

    /// Address to listen on. Anything but loopback lets other machines in: first read what a cookie does not protect
    #[arg(long, value_name = "IP", default_value = "127.0.0.1")]
    pub listen: IpAddr,

    /// Port to listen on; without it, the operating system picks a free one
    #[arg(long)]
    pub port: Option<u16>,

    /// Silence after which another node is declared down, in seconds
    #[arg(long, value_name = "SECONDS", default_value = "15", value_parser = seconds)]
    pub tick_time: Duration,

    /// How long a call waits for its answer, in seconds
    #[arg(long, value_name = "SECONDS", default_value = "5", value_parser = seconds)]
    pub call_timeout: Duration,

    /// Seed of the node's random numbers
    #[arg(long)]
    pub seed: Option<u64>,
}

impl NodeArgs {
    /// The node that these flags describe.
    ///
    /// # Errors
    /// A sentence for the person at the terminal, when there is no usable cookie.
    pub fn config(&self) -> Result<NodeConfig, String> {
        let cookie = match &self.cookie {
            Some(text) => Cookie::from_text(text.as_str()).map_err(|error| error.to_string())?,
            None => {
                Cookie::load_or_create()
                    .map_err(|error| error.to_string())?
                    .0
            }
        };
        let mut net = match self.directory {
            Some(directory) => TcpNet::with(DirectoryMode::At(directory)),
            None => TcpNet::from_env().map_err(|error| error.to_string())?,
        };
        net = net.listening_on(self.listen);
        if let Some(port) = self.port {
            net = net.at_port(port);
        }
        let mut config = NodeConfig::new(self.name.clone(), cookie, Net::Tcp(net));
        config.tick_time = self.tick_time;
        config.call_timeout = self.call_timeout;
        config.seed = self.seed;
        Ok(config)
    }
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text
        .parse()
        .map_err(|_| "not a number of seconds".to_owned())?;
    if !(0.05..=3600.0).contains(&seconds) {
        return Err("give between 0.05 and 3600 seconds".into());
    }
    Ok(Duration::from_secs_f64(seconds))
}

/// A node that runs one program, which may have flags of its own.
#[derive(Debug, Parser)]
#[command(about = "A node that runs one program", long_about = None)]
#[group(skip)]
struct Flags<F: Args> {
    #[command(flatten)]
    node: NodeArgs,

    #[command(flatten)]
    own: F,

    #[command(flatten)]
    around: Around,
}

/// How a program begins and ends, whatever it does.
#[derive(Debug, Args)]
#[group(skip)]
struct Around {
    /// Node to connect to at the start; can be given several times
    #[arg(long, value_name = "NODE")]
    connect: Vec<NodeName>,

    /// End when standard input is closed, so that the node does not outlive the program that
    /// started it
    #[arg(long)]
    exit_with_stdin: bool,

    /// Read two lines from standard input first: the cookie, and a key to name when the node is
    /// ready. Arguments can be read by every process of the machine, and by the code that runs here
    #[arg(long, hide = true, conflicts_with = "cookie")]
    secrets_from_stdin: bool,
}

/// What starts a program on a node, whatever flags and messages the program has.
type Start<'a> = Box<dyn FnOnce(Node) -> Started<'a> + 'a>;

/// What comes of it: the address of the process that the program ends with.
type Started<'a> = Pin<Box<dyn Future<Output = Result<Address<()>, StartError>> + 'a>>;

/// Runs a node with the program that `start` starts on it, until Ctrl-C, SIGTERM, or the end of
/// the process whose address `start` returns (its supervisor, as a rule).
///
/// When everything is started it says so on standard output, in a line of its own:
/// `node gold@127.0.0.1 is ready (listening on 127.0.0.1:40123) [process 4711]`, followed by
/// `[sources …]` if `sources`, a hash of the program's source files, was compiled in. Everything else
/// goes to standard error. This is the only place where a panic hook is installed: call it from `main`.
pub fn run<M>(
    sources: Option<&'static str>,
    start: impl AsyncFnOnce(Node) -> Result<Address<M>, StartError>,
) -> ExitCode {
    run_with(sources, async |node, ()| start(node).await)
}

/// Like [`run`], for a program that has flags of its own besides those of every node.
pub fn run_with<F: Args, M>(
    sources: Option<&'static str>,
    start: impl AsyncFnOnce(Node, F) -> Result<Address<M>, StartError>,
) -> ExitCode {
    let Flags { node, own, around } = Flags::<F>::parse();
    let start: Start<'_> =
        Box::new(|node| Box::pin(async move { Ok(start(node, own).await?.retype()) }));
    run_to_end(node, around, sources, start)
}

/// What every program does alike. It depends on no type of theirs, so it is compiled once, here, with all
/// of a node, and not again in each of them.
fn run_to_end(
    mut node: NodeArgs,
    around: Around,
    sources: Option<&str>,
    start: Start<'_>,
) -> ExitCode {
    let mut key = None;
    if around.secrets_from_stdin {
        match read_secrets() {
            Ok((cookie, named)) => {
                node.cookie = Some(cookie);
                key = Some(named);
            }
            Err(why) => {
                note(format_args!(
                    "the cookie and the key could not be read from standard input: {why}"
                ));
                return ExitCode::FAILURE;
            }
        }
    }
    std::panic::set_hook(Box::new(|panic| note(panic_in_words(panic))));
    let repeats = repeats::log_to(std::io::stderr, tracing::Level::INFO, &["node"]);
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => {
            note(format_args!(
                "the asynchronous runtime did not start: {error}"
            ));
            return ExitCode::FAILURE;
        }
    };
    runtime.spawn(repeats.clone().tell());
    let ended = runtime.block_on(serve(node, around, key, sources, start));
    repeats.tell_now();
    // Standard input may still be read by a thread that nothing can wake.
    runtime.shutdown_background();
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            note(why);
            ExitCode::FAILURE
        }
    }
}

/// A panic as the line that a node writes about it: where it was, and its message.
pub fn panic_in_words(panic: &PanicHookInfo<'_>) -> String {
    let place = panic
        .location()
        .map(|at| format!("{}:{}", at.file(), at.line()))
        .unwrap_or_default();
    let message = panic
        .payload_as_str()
        .unwrap_or("a panic without a message");
    format!("panicked at {place}: {message}")
}

/// The two lines that `--secrets-from-stdin` announces.
fn read_secrets() -> std::io::Result<(String, String)> {
    let mut lines = std::io::stdin().lines();
    let mut line = || {
        lines
            .next()
            .unwrap_or(Err(std::io::ErrorKind::UnexpectedEof.into()))
    };
    Ok((line()?, line()?))
}

async fn serve(
    node: NodeArgs,
    around: Around,
    key: Option<String>,
    sources: Option<&str>,
    start: Start<'_>,
) -> Result<(), String> {
    let node = Node::start(node.config()?)
        .await
        .map_err(|error| format!("the node did not start: {error}"))?;
    let name = node.name().clone();
    for other in &around.connect {
        if let Err(error) = node.connect(other).await {
            note(format_args!("{name} could not connect to {other}: {error}"));
        }
    }
    let root = start(node.clone())
        .await
        .map_err(|error| format!("the program of {name} did not start: {error}"))?;
    let sources = sources
        .map(|hash| format!(" [sources {hash}]"))
        .unwrap_or_default();
    let key = key.map(|key| format!(" [key {key}]")).unwrap_or_default();
    let ready = format!(
        "node {name} is ready (listening on {}) [process {}]{sources}{key}\n",
        node.address(),
        std::process::id()
    );
    // The node serves others all the same.
    if let Err(error) = print(ready) {
        note(format_args!(
            "{name} could not say that it is ready: {error}"
        ));
    }

    let mut terminate = signal(SignalKind::terminate())
        .map_err(|error| format!("cannot wait for SIGTERM: {error}"))?;
    let ended = tokio::select! { biased;
        () = node.ended(&root) => Err(format!("the program of {name} ended: its supervisor gave up")),
        _ = tokio::signal::ctrl_c() => Ok(()),
        _ = terminate.recv() => Ok(()),
        () = stdin_closed(), if around.exit_with_stdin => Ok(()),
    };
    node.stop().await;
    ended
}

async fn stdin_closed() {
    let mut input = tokio::io::stdin();
    let mut ignored = [0; 256];
    while input.read(&mut ignored).await.is_ok_and(|read| read > 0) {}
}
