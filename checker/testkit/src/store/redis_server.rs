//! A redis-server of our own, started through the guard.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::guard::{Child, Guard, Program};
use crate::trouble::{Result, Trouble, While};

/// How long a redis-server may take until it answers.
const UP_WITHIN: Duration = Duration::from_secs(10);

/// How many ports are tried, as another program may take one before the server does.
const TRIES: usize = 5;

/// A redis-server that answers. It ends when its child is dropped.
pub(super) struct RedisServer {
    pub(super) child: Child,
    pub(super) address: SocketAddr,
    pub(super) version: String,
}

impl RedisServer {
    /// Starts one, on any free port if none is given. It keeps its data in memory only.
    pub(super) async fn start(
        program: &Path,
        guard: &Guard,
        folder: &Path,
        port: Option<u16>,
    ) -> Result<RedisServer> {
        if let Some(port) = port {
            return RedisServer::start_at(program, guard, folder, port).await;
        }
        let begun = Instant::now();
        let mut tries = 1;
        loop {
            match RedisServer::start_at(program, guard, folder, free_port()?).await {
                Err(_) if tries < TRIES && begun.elapsed() < UP_WITHIN => tries += 1,
                started => return started,
            }
        }
    }

    async fn start_at(
        program: &Path,
        guard: &Guard,
        folder: &Path,
        port: u16,
    ) -> Result<RedisServer> {
        std::fs::create_dir_all(folder).or_trouble(|| format!("make {}", folder.display()))?;
        let folder = folder
            .canonicalize()
            .or_trouble(|| format!("find {}", folder.display()))?;
        let program = Program::new("redis-server", program)
            .args(["--bind", "127.0.0.1", "--port", &port.to_string()])
            .args(["--save", "", "--appendonly", "no", "--daemonize", "no"])
            .args(["--maxmemory", "256mb", "--maxmemory-policy", "noeviction"])
            // Memory is looked at before a command only, so that one command must not take much.
            .args(["--proto-max-bulk-len", "1mb"])
            .args(["--dir", &folder.to_string_lossy()])
            .cwd(&folder);
        let child = guard.spawn(program);
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let client = redis::Client::open(format!("redis://{address}"))
            .or_trouble(|| "make a client for the redis-server")?;
        let begun = Instant::now();
        loop {
            if let Some(ending) = child.ending() {
                // Redis tells its reasons on standard output.
                let said = std::fs::read_to_string(child.stdout_file()).unwrap_or_default();
                let said = said.lines().last().unwrap_or_default();
                return Err(Trouble::new(format!(
                    "could not start a redis-server: it {ending} {said}"
                )));
            }
            let asked = tokio::time::timeout(UP_WITHIN, folder_of(&client)).await;
            if let Ok(Ok(its)) = asked
                && Path::new(&its) == folder
            {
                let version = super::version(&client)
                    .await
                    .or_trouble(|| "ask the redis-server for its version")?;
                return Ok(RedisServer {
                    child,
                    address,
                    version,
                });
            }
            if begun.elapsed() > UP_WITHIN {
                let seconds = UP_WITHIN.as_secs();
                return Err(Trouble::new(format!(
                    "could not start a redis-server: it did not answer within {seconds} s"
                )));
            }
            sleep(Duration::from_millis(5)).await;
        }
    }
}

/// The folder of the server that answers. Only ours has ours: another may have got the
/// port before it.
async fn folder_of(client: &redis::Client) -> redis::RedisResult<String> {
    let mut connection = client.get_multiplexed_async_connection().await?;
    let mut answer: BTreeMap<String, String> = redis::cmd("CONFIG")
        .arg("GET")
        .arg("dir")
        .query_async(&mut connection)
        .await?;
    Ok(answer.remove("dir").unwrap_or_default())
}

fn free_port() -> Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0));
    let address = listener.and_then(|listener| listener.local_addr());
    Ok(address.or_trouble(|| "find a free port")?.port())
}
