//! What the runtime costs, beside bare TCP in the same run.
//!
//! Each figure is taken twice in turns, once with the runtime and once with tokio's TCP sockets
//! and the same framing (a `u32` length, then the bytes), between two processes on loopback. Only
//! the ratios mean something: absolute times differ from machine to machine and from hour to hour.
//!
//! `cargo bench -p runtime` runs all; `cargo bench -p runtime -- casts` only that one.
#![allow(clippy::disallowed_methods)] // Real time is what is measured here.
#![allow(clippy::print_stdout)] // A bench that nobody reads may panic.

use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::{BufMut, BytesMut};
use futures_util::future::join_all;
use runtime::directory::{AsRegistered, DirectoryServer};
use runtime::net::DirectoryMode;
use runtime::{Cookie, Ctx, Net, Node, NodeConfig, NodeName, Reply, Server, ServerName, TcpNet};
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

const ROUNDS: usize = 7;

#[derive(Serialize, Deserialize)]
enum EchoMsg {
    Echo {
        text: serde_bytes::ByteBuf,
        reply: Reply<serde_bytes::ByteBuf>,
    },
    Note {
        text: serde_bytes::ByteBuf,
    },
    Noted(Reply<u64>),
}

const ECHO: ServerName<EchoMsg> = ServerName::new("echo");

struct Echo(u64);

impl Server for Echo {
    type Msg = EchoMsg;
    type Args = ();

    async fn init(_: (), _: &Ctx<EchoMsg>) -> Self {
        Echo(0)
    }

    async fn handle(&mut self, msg: EchoMsg, _: &Ctx<EchoMsg>) {
        match msg {
            EchoMsg::Echo { text, reply } => reply.send(text),
            EchoMsg::Note { text } => self.0 += u64::from(!text.is_empty()),
            EchoMsg::Noted(reply) => reply.send(self.0),
        }
    }
}

fn main() {
    let args: Vec<String> = std::env::args().collect();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    match args.get(1).map(String::as_str) {
        Some("serve-node") => runtime.block_on(serve_node(args[2].parse().unwrap(), &args[3])),
        Some("serve-tcp") => runtime.block_on(serve_tcp()),
        wanted => runtime.block_on(measure(
            wanted.filter(|word| !word.starts_with("--")).unwrap_or(""),
        )),
    }
}

async fn measure(wanted: &str) {
    let any = "127.0.0.1:0".parse().unwrap();
    let directory = DirectoryServer::bind(any, Arc::new(AsRegistered))
        .await
        .unwrap();
    let net = Net::Tcp(TcpNet::with(DirectoryMode::At(directory.address())));
    let place = directory.address().to_string();
    let (_server, _) = serving(&["serve-node", &place, "server@127.0.0.1"]).await;
    let (_echo, address) = serving(&["serve-tcp"]).await;
    let node = start(&net, "client@127.0.0.1").await;
    let server: NodeName = "server@127.0.0.1".parse().unwrap();
    node.connect(&server).await.unwrap();
    let mut raw = Raw::connect(&address).await;

    println!(
        "{:<34} {:>12} {:>12} {:>16}",
        "", "runtime", "bare TCP", "runtime / bare"
    );
    let chosen = |name: &str| wanted.is_empty() || name.contains(wanted);
    for (name, bytes, count) in [
        ("call, 100 B, median", 100, 4000),
        ("call, 1 MB, median", 1 << 20, 60),
    ] {
        if chosen(name) {
            let mut figures = Vec::new();
            for _ in 0..ROUNDS {
                let ours = call_times(&node, &server, bytes, count).await;
                figures.push((ours, raw.round_trips(bytes, count).await));
            }
            report(name, figures, |time| format!("{:.1} µs", time * 1e6));
        }
    }
    let per_second = |rate: f64| format!("{:.0} k/s", rate / 1e3);
    if chosen("casts") {
        let mut figures = Vec::new();
        for _ in 0..ROUNDS {
            figures.push((
                casts(&node, &server, 300_000).await,
                raw.one_way(100, 300_000).await,
            ));
        }
        report("casts, 100 B", figures, per_second);
    }
    if chosen("64 calls at once") {
        let mut figures = Vec::new();
        for _ in 0..ROUNDS {
            figures.push((
                concurrent(&node, &server, 64, 1000).await,
                raw.pipelined(100, 64, 1000).await,
            ));
        }
        report("64 calls at once, 100 B", figures, per_second);
    }
    for size in [3, 10, 30] {
        let name = format!("boot and mesh of {size} nodes");
        if chosen(&name) {
            let mut times: Vec<f64> = Vec::new();
            for round in 0..ROUNDS {
                times.push(boot(&net, size, round).await);
            }
            println!("{name:<34} {:>9.1} ms", median(&mut times) * 1e3);
        }
    }
    if chosen("three processes up") {
        let mut times = Vec::new();
        for round in 0..ROUNDS {
            times.push(three_processes(&net, &place, round).await);
        }
        println!(
            "{:<34} {:>9.1} ms",
            "three processes up and meshed",
            median(&mut times) * 1e3
        );
    }
}

fn report(name: &str, figures: Vec<(f64, f64)>, show: impl Fn(f64) -> String) {
    let mut ratios: Vec<f64> = figures.iter().map(|(ours, raw)| ours / raw).collect();
    let (mut ours, mut raw): (Vec<f64>, Vec<f64>) = figures.into_iter().unzip();
    let ratio = median(&mut ratios);
    let (least, most) = (ratios[0], ratios[ratios.len() - 1]);
    println!(
        "{name:<34} {:>12} {:>12} {:>16}",
        show(median(&mut ours)),
        show(median(&mut raw)),
        format!("{ratio:.2} ({least:.2}–{most:.2})")
    );
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

// ── the runtime ──

async fn start(net: &Net, name: &str) -> Node {
    let config = NodeConfig::new(
        name.parse().unwrap(),
        Cookie::from_text("bench").unwrap(),
        net.clone(),
    );
    Node::start(config).await.unwrap()
}

async fn serve_node(directory: std::net::SocketAddr, name: &str) {
    let node = start(&Net::Tcp(TcpNet::with(DirectoryMode::At(directory))), name).await;
    node.start_server::<Echo>(&ECHO, ()).await.unwrap();
    println!("ready");
    wait_for_parent().await;
}

async fn call_times(node: &Node, server: &NodeName, bytes: usize, count: usize) -> f64 {
    let to = ECHO.at(server);
    let mut times = Vec::with_capacity(count);
    for _ in 0..count {
        let text = serde_bytes::ByteBuf::from(vec![7; bytes]);
        let begun = Instant::now();
        let answer = node
            .call(&to, |reply| EchoMsg::Echo { text, reply })
            .await
            .unwrap();
        times.push(begun.elapsed().as_secs_f64());
        assert_eq!(answer.len(), bytes);
    }
    median(&mut times)
}

async fn casts(node: &Node, server: &NodeName, count: u64) -> f64 {
    let to = ECHO.at(server);
    let before: u64 = node.call(&to, EchoMsg::Noted).await.unwrap();
    let begun = Instant::now();
    for _ in 0..count {
        let text = serde_bytes::ByteBuf::from(vec![7; 100]);
        node.cast(&to, EchoMsg::Note { text }).await.unwrap();
    }
    // Behind all of them in the same mailbox, so its answer means that they were handled.
    let after: u64 = node
        .call_within(Duration::from_secs(60), &to, EchoMsg::Noted)
        .await
        .unwrap();
    assert_eq!(after - before, count);
    count as f64 / begun.elapsed().as_secs_f64()
}

async fn concurrent(node: &Node, server: &NodeName, callers: usize, each: usize) -> f64 {
    let begun = Instant::now();
    let caller = || {
        let (node, to) = (node.clone(), ECHO.at(server));
        tokio::spawn(async move {
            for _ in 0..each {
                let text = serde_bytes::ByteBuf::from(vec![7; 100]);
                node.call(&to, |reply| EchoMsg::Echo { text, reply })
                    .await
                    .unwrap();
            }
        })
    };
    join_all((0..callers).map(|_| caller())).await;
    (callers * each) as f64 / begun.elapsed().as_secs_f64()
}

async fn boot(net: &Net, size: usize, round: usize) -> f64 {
    let begun = Instant::now();
    let mut nodes = Vec::new();
    for number in 0..size {
        nodes.push(start(net, &format!("b{round}-{size}-{number}@127.0.0.1")).await);
    }
    join_all(nodes[1..].iter().map(|node| node.connect(nodes[0].name()))).await;
    while nodes.iter().any(|node| node.list().len() < size - 1) {
        tokio::time::sleep(Duration::from_micros(500)).await;
    }
    let took = begun.elapsed().as_secs_f64();
    join_all(nodes.iter().map(Node::stop)).await;
    took
}

async fn three_processes(net: &Net, directory: &str, round: usize) -> f64 {
    let watcher = NodeConfig {
        hidden: true,
        ..NodeConfig::new(
            format!("w{round}@127.0.0.1").parse().unwrap(),
            Cookie::from_text("bench").unwrap(),
            net.clone(),
        )
    };
    let watcher = Node::start(watcher).await.unwrap();
    let names: Vec<NodeName> = (0..3)
        .map(|number| format!("p{round}-{number}@127.0.0.1").parse().unwrap())
        .collect();
    let begun = Instant::now();
    let started = join_all(names.iter().map(|name| serving_node(directory, name))).await;
    use runtime::system::{NODE, NodeMsg};
    for other in &names[1..] {
        watcher
            .call(&NODE.at(&names[0]), |reply| {
                NodeMsg::Connect(other.clone(), reply)
            })
            .await
            .unwrap()
            .unwrap();
    }
    for name in &names {
        while watcher
            .call(&NODE.at(name), NodeMsg::List)
            .await
            .unwrap()
            .len()
            < 2
        {
            tokio::time::sleep(Duration::from_micros(500)).await;
        }
    }
    let took = begun.elapsed().as_secs_f64();
    drop(started);
    watcher.stop().await;
    took
}

async fn serving_node(directory: &str, name: &NodeName) -> Served {
    serving(&["serve-node", directory, name.as_str()]).await.0
}

// ── bare TCP ──

struct Raw {
    stream: TcpStream,
    input: BytesMut,
}

impl Raw {
    async fn connect(address: &str) -> Self {
        let stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Raw {
            stream,
            input: BytesMut::with_capacity(1 << 16),
        }
    }

    async fn round_trips(&mut self, bytes: usize, count: usize) -> f64 {
        let frame = framed(bytes, true);
        let mut times = Vec::with_capacity(count);
        for _ in 0..count {
            let begun = Instant::now();
            self.stream.write_all(&frame).await.unwrap();
            self.receive(1, bytes).await;
            times.push(begun.elapsed().as_secs_f64());
        }
        median(&mut times)
    }

    async fn one_way(&mut self, bytes: usize, count: usize) -> f64 {
        let batch: Vec<u8> = framed(bytes, false).repeat(64);
        let begun = Instant::now();
        for _ in 0..count / 64 {
            self.stream.write_all(&batch).await.unwrap();
        }
        self.stream.write_all(&framed(bytes, true)).await.unwrap();
        self.receive(1, bytes).await;
        (count / 64 * 64) as f64 / begun.elapsed().as_secs_f64()
    }

    /// As many round trips as `window` callers make who each wait for their own answer.
    async fn pipelined(&mut self, bytes: usize, window: usize, each: usize) -> f64 {
        let batch: Vec<u8> = framed(bytes, true).repeat(window);
        let begun = Instant::now();
        for _ in 0..each {
            self.stream.write_all(&batch).await.unwrap();
            self.receive(window, bytes).await;
        }
        (window * each) as f64 / begun.elapsed().as_secs_f64()
    }

    async fn receive(&mut self, frames: usize, bytes: usize) {
        let wanted = frames * (bytes + 4);
        while self.input.len() < wanted {
            self.input.reserve(1 << 16);
            assert!(self.stream.read_buf(&mut self.input).await.unwrap() > 0);
        }
        self.input.clear();
    }
}

/// A frame whose first byte says whether it wants to be sent back.
fn framed(bytes: usize, echo: bool) -> Vec<u8> {
    let mut frame = (bytes as u32).to_be_bytes().to_vec();
    frame.push(u8::from(echo));
    frame.resize(bytes + 4, 7);
    frame
}

async fn serve_tcp() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    println!("ready {}", listener.local_addr().unwrap());
    let served = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.set_nodelay(true).unwrap();
        let (mut input, mut output) = (BytesMut::with_capacity(1 << 16), BytesMut::new());
        loop {
            input.reserve(1 << 16);
            if stream.read_buf(&mut input).await.unwrap_or(0) == 0 {
                return;
            }
            while input.len() >= 4 {
                let length = u32::from_be_bytes([input[0], input[1], input[2], input[3]]) as usize;
                if input.len() < length + 4 {
                    break;
                }
                let frame = input.split_to(length + 4);
                if frame[4] == 1 {
                    output.put_slice(&frame);
                }
            }
            if !output.is_empty() {
                stream.write_all(&output).await.unwrap();
                output.clear();
            }
        }
    };
    tokio::select! { biased; () = served => {}, () = wait_for_parent() => {} }
}

// ── processes ──

struct Served(Child);

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts this program again as a server, and waits until it is ready.
async fn serving(args: &[&str]) -> (Served, String) {
    let mut command = Command::new(std::env::current_exe().unwrap());
    let mut child = command
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let output = tokio::process::ChildStdout::from_std(child.stdout.take().unwrap()).unwrap();
    let mut line = String::new();
    BufReader::new(output).read_line(&mut line).await.unwrap();
    (
        Served(child),
        line.trim().trim_start_matches("ready ").to_owned(),
    )
}

async fn wait_for_parent() {
    let mut nothing = [0; 16];
    let _ = tokio::io::stdin().read(&mut nothing).await;
}
