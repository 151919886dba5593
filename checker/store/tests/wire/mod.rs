//! A client that sees the bytes: what exactly is answered, and when the other side closes.

#![allow(dead_code, reason = "each test binary uses some of it")]

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout};

/// Long enough for a slow machine; nothing waits so long unless something is broken.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) struct Wire {
    pub(crate) stream: TcpStream,
    received: Vec<u8>,
}

impl Wire {
    pub(crate) async fn connect(to: SocketAddr) -> io::Result<Wire> {
        let stream = TcpStream::connect(to).await?;
        stream.set_nodelay(true)?;
        Ok(Wire {
            stream,
            received: Vec::new(),
        })
    }

    pub(crate) async fn send(&mut self, command: &[&str]) -> io::Result<()> {
        self.stream.write_all(&encode(command)).await
    }

    /// The bytes of the next answer.
    pub(crate) async fn answer(&mut self) -> io::Result<Vec<u8>> {
        let patience = async {
            loop {
                if let Some(length) = self.frame() {
                    return Ok(self.received.drain(..length).collect());
                }
                if self.stream.read_buf(&mut self.received).await? == 0 {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
            }
        };
        timeout(PATIENCE, patience)
            .await
            .map_err(|_| io::ErrorKind::TimedOut)?
    }

    pub(crate) async fn call(&mut self, command: &[&str]) -> io::Result<Vec<u8>> {
        self.send(command).await?;
        self.answer().await
    }

    /// All that still comes until the other side closes, in whatever way.
    pub(crate) async fn rest(&mut self) -> Vec<u8> {
        let reading = async {
            while self
                .stream
                .read_buf(&mut self.received)
                .await
                .is_ok_and(|length| length > 0)
            {}
        };
        timeout(PATIENCE, reading)
            .await
            .expect("the connection was not closed");
        std::mem::take(&mut self.received)
    }

    /// Whether nothing is there to read, and the connection is open.
    pub(crate) fn is_silent(&mut self) -> bool {
        let got = self.stream.try_read_buf(&mut self.received);
        self.received.is_empty()
            && got.is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock)
    }

    fn frame(&self) -> Option<usize> {
        let frame = redis_protocol::resp2::decode::decode(&self.received);
        frame.expect("a frame of RESP2").map(|(_, length)| length)
    }
}

pub(crate) fn encode(command: &[&str]) -> Vec<u8> {
    let mut bytes = format!("*{}\r\n", command.len()).into_bytes();
    for word in command {
        bytes.extend(format!("${}\r\n{word}\r\n", word.len()).bytes());
    }
    bytes
}

/// Waits until a condition holds.
#[track_caller]
pub(crate) fn eventually(what: &str, mut holds: impl FnMut() -> bool) -> impl Future<Output = ()> {
    let deadline = Instant::now() + PATIENCE;
    async move {
        while !holds() {
            assert!(Instant::now() < deadline, "{what}: it never came to that");
            sleep(Duration::from_millis(1)).await;
        }
    }
}
