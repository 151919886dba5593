//! The two servers that must behave alike: the embedded one, and a private Redis if there is one.

#![allow(dead_code, reason = "each test binary uses some of it")]

use std::io::{self, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use store::Embedded;
use tempfile::TempDir;
use tokio::time::{Instant, sleep};

use super::wire::Wire;

pub(crate) enum Server {
    Embedded(Embedded),
    Redis(Redis),
}

impl Server {
    pub(crate) fn address(&self) -> SocketAddr {
        match self {
            Server::Embedded(server) => server.address(),
            Server::Redis(server) => server.address,
        }
    }

    pub(crate) fn name(&self) -> &'static str {
        match self {
            Server::Embedded(_) => "embedded",
            Server::Redis(_) => "redis-server",
        }
    }
}

/// Both servers, or the embedded one alone, with a word about it.
pub(crate) async fn all() -> Vec<Server> {
    let embedded = Embedded::start((Ipv4Addr::LOCALHOST, 0).into())
        .await
        .expect("a free port");
    let mut servers = vec![Server::Embedded(embedded)];
    if installed("redis-server") {
        servers.push(Server::Redis(Redis::start().await));
    } else {
        let _ = writeln!(
            io::stderr(),
            "there is no redis-server here: the embedded store is compared with recorded answers only"
        );
    }
    servers
}

pub(crate) fn installed(program: &str) -> bool {
    let output = Command::new(program)
        .arg("--version")
        .stdout(Stdio::null())
        .status();
    output.is_ok_and(|status| status.success())
}

/// A Redis of our own, which ends with this process however that ends.
pub(crate) struct Redis {
    address: SocketAddr,
    /// A shell that kills the server when its standard input closes, which it does when the test
    /// process is killed, too.
    guard: Child,
    folder: TempDir,
}

impl Redis {
    async fn start() -> Redis {
        for _ in 0..5 {
            let folder = tempfile::tempdir().expect("a temporary folder");
            let port = free_port();
            let guard = Command::new("sh")
                .args([
                    "-c",
                    r#"trap '' INT; redis-server "$@" & read -r _; kill -9 $!; wait"#,
                    "sh",
                ])
                .args([
                    "--save",
                    "",
                    "--appendonly",
                    "no",
                    "--bind",
                    "127.0.0.1",
                    "--port",
                ])
                .arg(port.to_string())
                .arg("--dir")
                .arg(folder.path())
                .stdin(Stdio::piped())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .expect("a shell");
            let address = (Ipv4Addr::LOCALHOST, port).into();
            let redis = Redis {
                address,
                guard,
                folder,
            };
            if redis.is_up().await {
                return redis;
            }
        }
        panic!("redis-server does not start");
    }

    /// Waits until it answers, and makes sure that it is ours and not another on the same port.
    async fn is_up(&self) -> bool {
        let deadline = Instant::now() + Duration::from_secs(10);
        while Instant::now() < deadline {
            if let Ok(mut wire) = Wire::connect(self.address).await
                && let Ok(answer) = wire.call(&["CONFIG", "GET", "dir"]).await
            {
                let ours = self.folder.path().to_string_lossy().into_owned();
                return String::from_utf8_lossy(&answer).contains(&ours);
            }
            sleep(Duration::from_millis(10)).await;
        }
        false
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        drop(self.guard.stdin.take());
        let _ = self.guard.wait();
    }
}

fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    listener.local_addr().expect("its address").port()
}
