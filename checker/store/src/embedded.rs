//! A server that stands in for Redis.

mod call;
mod commands;
mod database;
mod glob;
mod keys;
mod reply;
mod session;
#[cfg(test)]
mod tests;

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::BytesMut;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::{sleep, timeout};

pub(crate) use database::Database;
pub use keys::{COMPARE_AND_DELETE, COMPARE_AND_SET};
pub(crate) use reply::Reply;

use crate::request::Reader;

/// Further connections are told that there are too many, and closed.
const CONNECTION_LIMIT: usize = 1_000;
/// Answers are sent when there are so many bytes of them, or when no more commands have come.
const ANSWER_LIMIT: usize = 64 * 1024;

/// A small Redis within this process, so that nobody must install one to begin.
///
/// It speaks RESP2 over TCP and knows the commands that the course sends: strings, scans, 16
/// databases, and the scripts [`COMPARE_AND_DELETE`] and [`COMPARE_AND_SET`]. What it knows, it
/// answers as Redis 7.0 does, errors included; other commands are unknown to it. Nothing is kept on
/// disk, and nothing expires.
///
/// Its memory is bounded: 1 MiB for a command, 512 KiB for one argument, 256 MiB for all data
/// (then writes fail with `OOM`, as in Redis), 1,000 connections. It stops when it is dropped, and
/// all connections with it.
pub struct Embedded {
    address: SocketAddr,
    server: AbortHandle,
}

impl Embedded {
    /// Starts an empty store at this address; port 0 takes any free one.
    ///
    /// # Errors
    ///
    /// If the address cannot be listened on.
    pub async fn start(at: SocketAddr) -> io::Result<Embedded> {
        let listener = TcpListener::bind(at).await?;
        let address = listener.local_addr()?;
        let server = tokio::spawn(serve(listener, CONNECTION_LIMIT)).abort_handle();
        Ok(Embedded { address, server })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Embedded {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl fmt::Debug for Embedded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Embedded")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

async fn serve(listener: TcpListener, limit: usize) {
    let database = Arc::new(Mutex::new(Database::default()));
    // Dropped with this task, and ends all connections then.
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            Some(_) = connections.join_next() => continue,
        };
        match accepted {
            Ok((stream, _)) if connections.len() < limit => {
                let connection = Connection::new(stream, Arc::clone(&database));
                connections.spawn(connection.run());
            }
            Ok((stream, _)) => {
                let _ = stream.try_write(b"-ERR max number of clients reached\r\n");
            }
            Err(error) => {
                // Out of file descriptors, most likely: that passes, when connections end.
                tracing::warn!(%error, "the embedded store cannot accept a connection");
                sleep(Duration::from_millis(20)).await;
            }
        }
    }
}

/// One client: reads a command, executes it, answers, in that order. So a client that does not
/// read its answers is not read from either, and needs no memory.
struct Connection {
    stream: TcpStream,
    database: Arc<Mutex<Database>>,
    /// The number of the database that is selected.
    space: usize,
    reader: Reader,
    answers: BytesMut,
}

impl Connection {
    fn new(stream: TcpStream, database: Arc<Mutex<Database>>) -> Connection {
        Connection {
            stream,
            database,
            space: 0,
            reader: Reader::default(),
            answers: BytesMut::new(),
        }
    }

    async fn run(mut self) {
        // Without it, an answer could wait for the acknowledgement of the one before.
        let _ = self.stream.set_nodelay(true);
        // An error here is the client's going away, which needs no word.
        let _ = self.serve().await;
    }

    async fn serve(&mut self) -> io::Result<()> {
        loop {
            loop {
                match self.reader.take() {
                    Ok(None) => break,
                    Ok(Some(request)) if request.arguments.is_empty() => {}
                    Ok(Some(request)) => {
                        let reply = self
                            .database
                            .lock()
                            .unwrap_or_else(PoisonError::into_inner)
                            .execute(&mut self.space, &request.arguments);
                        self.answer(reply).await?;
                    }
                    Err(text) => {
                        self.answer(Reply::Error(format!("ERR {text}"))).await?;
                        return self.close().await;
                    }
                }
            }
            self.flush().await?;
            if self.stream.read_buf(self.reader.buffer()).await? == 0 {
                return Ok(());
            }
        }
    }

    async fn answer(&mut self, reply: Reply) -> io::Result<()> {
        let Reply::Array(items) = reply else {
            reply.write(&mut self.answers);
            return self.flush_if_long().await;
        };
        // An array may be of many large values, which must not all be copied at once.
        Reply::write_array_of(items.len(), &mut self.answers);
        for item in items {
            item.write(&mut self.answers);
            self.flush_if_long().await?;
        }
        Ok(())
    }

    async fn flush_if_long(&mut self) -> io::Result<()> {
        if self.answers.len() >= ANSWER_LIMIT {
            self.flush().await
        } else {
            Ok(())
        }
    }

    async fn flush(&mut self) -> io::Result<()> {
        self.stream.write_all_buf(&mut self.answers).await
    }

    /// Closes so that the last answer arrives: a socket that is closed with bytes unread resets
    /// the connection, and the other side may then lose what it had not yet read.
    async fn close(&mut self) -> io::Result<()> {
        self.flush().await?;
        self.stream.shutdown().await?;
        let mut rest = vec![0; 4096];
        let _ = timeout(Duration::from_secs(1), async {
            while self
                .stream
                .read(&mut rest)
                .await
                .is_ok_and(|length| length > 0)
            {}
        })
        .await;
        Ok(())
    }
}
