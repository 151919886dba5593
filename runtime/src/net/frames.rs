//! Whole frames on a TCP stream.

use std::io;

use bytes::{Buf, Bytes, BytesMut};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};

use super::ConnError;

/// The length prefix of a frame, in bytes.
const PREFIX: usize = 4;

/// What may come before the other side has proved who it is, in bytes.
///
/// Any program can connect. A handshake fits into this, and a program that wants more of our memory
/// must know the cookie first.
pub const LIMIT_BEFORE_TRUST: usize = 4 * 1024;

/// How much is asked of the operating system at a time: with frames of a hundred bytes, one
/// system call brings some six hundred of them.
const CHUNK: usize = 64 * 1024;

/// How much is reserved for the rest of a long frame, at most, as a multiple of what has arrived.
const GROWTH: usize = 16;

/// Makes the two halves of a connection out of a stream.
///
/// Nagle's algorithm is off: it would hold a small frame back until the last one is
/// acknowledged, and batching is the connection's business, which knows what else there is to send.
pub fn halves(stream: TcpStream) -> (TcpReader, TcpWriter) {
    let _ = stream.set_nodelay(true);
    let peer = stream.peer_addr().map_or_else(
        |_| "an unknown address".into(),
        |address| address.to_string(),
    );
    let (read, write) = stream.into_split();
    let reader = TcpReader {
        stream: read,
        peer,
        buffer: BytesMut::new(),
        limit: LIMIT_BEFORE_TRUST,
    };
    (reader, TcpWriter { stream: write })
}

/// Cuts a TCP stream into frames.
///
/// Bytes are read in large chunks into one buffer, and a frame is a slice of that buffer, not a
/// copy. An announced length costs no memory before the bytes arrive: the buffer grows with
/// what has arrived, so a false prefix does not make us reserve memory.
#[derive(Debug)]
pub struct TcpReader {
    stream: OwnedReadHalf,
    peer: String,
    buffer: BytesMut,
    limit: usize,
}

impl TcpReader {
    /// The next frame, without its prefix. Cancel safe: what was read stays in the buffer.
    ///
    /// # Errors
    /// [`ConnError`] when the stream has ended, or a frame is longer than the limit; then no
    /// further frame comes.
    pub async fn recv(&mut self) -> Result<Bytes, ConnError> {
        loop {
            let missing = match self.cut()? {
                Cut::Frame(frame) => return Ok(frame),
                Cut::Missing(bytes) => bytes,
            };
            self.make_room(missing);
            match self.stream.read_buf(&mut self.buffer).await {
                Ok(0) => return Err(ConnError::Closed),
                Ok(_) => {}
                Err(error) => return Err(broken(&error)),
            }
        }
    }

    /// Frames longer than `bytes` are refused from now on.
    pub fn set_limit(&mut self, bytes: usize) {
        self.limit = bytes;
    }

    /// The address on the other side, for log lines.
    pub fn peer(&self) -> &str {
        &self.peer
    }

    /// Reads and forgets until the other side closes, at most `bytes`.
    pub async fn discard(&mut self, bytes: usize) {
        let mut left = bytes;
        while left > 0 {
            self.buffer.clear();
            self.make_room(1);
            match self.stream.read_buf(&mut self.buffer).await {
                Ok(0) | Err(_) => return,
                Ok(read) => left = left.saturating_sub(read),
            }
        }
    }

    /// Takes one frame off the front of the buffer, if it is there whole.
    fn cut(&mut self) -> Result<Cut, ConnError> {
        let Some(prefix) = self.buffer.first_chunk::<PREFIX>() else {
            return Ok(Cut::Missing(PREFIX - self.buffer.len()));
        };
        let announced = u32::from_be_bytes(*prefix) as usize;
        if announced > self.limit {
            return Err(ConnError::TooLong {
                announced,
                limit: self.limit,
            });
        }
        let whole = PREFIX + announced;
        if self.buffer.len() < whole {
            return Ok(Cut::Missing(whole - self.buffer.len()));
        }
        self.buffer.advance(PREFIX);
        Ok(Cut::Frame(self.buffer.split_to(announced).freeze()))
    }

    /// Makes room for the next read: a chunk, or some times as much as has already come of a long
    /// frame, so that its bytes are moved once or twice and not at each chunk.
    fn make_room(&mut self, missing: usize) {
        let chunk = CHUNK.min(PREFIX + self.limit);
        let room = self.buffer.capacity() - self.buffer.len();
        if room < missing.min(chunk) || room < chunk / 4 {
            self.buffer
                .reserve(missing.min(GROWTH * self.buffer.len()).max(chunk));
        }
    }
}

enum Cut {
    Frame(Bytes),
    /// At least this many bytes have yet to arrive.
    Missing(usize),
}

/// Sends batches of whole frames. Dropping it tells the other side that nothing more comes.
#[derive(Debug)]
pub struct TcpWriter {
    stream: OwnedWriteHalf,
}

impl TcpWriter {
    /// Hands the whole batch to the operating system. Not cancel safe: a part may have gone.
    ///
    /// # Errors
    /// [`ConnError`] when the other side is gone.
    pub async fn send(&mut self, mut batch: impl Buf) -> Result<(), ConnError> {
        let sent = if batch.chunk().len() == batch.remaining() {
            // Mostly there is one piece, and the plain system call is the quicker one.
            self.stream.write_all(batch.chunk()).await
        } else {
            self.stream.write_all_buf(&mut batch).await
        };
        sent.map_err(|error| broken(&error))
    }

    /// Tells the other side that nothing more comes.
    pub async fn finish(&mut self) {
        let _ = self.stream.shutdown().await;
    }
}

/// The many ways in which an operating system says that the other side is gone are one to us.
fn broken(error: &io::Error) -> ConnError {
    use io::ErrorKind::{
        BrokenPipe, ConnectionAborted, ConnectionReset, NotConnected, UnexpectedEof, WriteZero,
    };
    match error.kind() {
        BrokenPipe | ConnectionAborted | ConnectionReset | NotConnected | UnexpectedEof
        | WriteZero => ConnError::Closed,
        _ => ConnError::Io(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use bytes::BufMut;
    use proptest::prelude::*;
    use tokio::net::TcpListener;

    use super::*;

    async fn raw_and_reader() -> (TcpStream, TcpReader) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let raw = TcpStream::connect(listener.local_addr().unwrap())
            .await
            .unwrap();
        raw.set_nodelay(true).unwrap();
        let (stream, _) = listener.accept().await.unwrap();
        (raw, halves(stream).0)
    }

    fn block_on<F: Future>(future: F) -> F::Output {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap()
            .block_on(future)
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]
        #[test]
        fn frames_survive_any_chunking(
            frames in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..3000), 1..20),
            cuts in proptest::collection::vec(1usize..5000, 1..40),
        ) {
            block_on(async {
                let (mut raw, mut reader) = raw_and_reader().await;
                let mut stream = Vec::new();
                for frame in &frames {
                    stream.put_u32(frame.len() as u32);
                    stream.put_slice(frame);
                }
                let sending = tokio::spawn(async move {
                    let mut rest = &stream[..];
                    let mut cuts = cuts.iter().cycle();
                    while !rest.is_empty() {
                        let (now, later) = rest.split_at(rest.len().min(*cuts.next().unwrap()));
                        raw.write_all(now).await.unwrap();
                        tokio::task::yield_now().await;
                        rest = later;
                    }
                });
                for frame in &frames {
                    assert_eq!(reader.recv().await.unwrap(), frame[..]);
                }
                sending.await.unwrap();
                assert_eq!(reader.recv().await, Err(ConnError::Closed));
            });
        }
    }

    #[tokio::test]
    async fn a_frame_over_the_limit_is_refused_by_its_prefix_alone() {
        let (mut raw, mut reader) = raw_and_reader().await;
        raw.write_u32(LIMIT_BEFORE_TRUST as u32 + 1).await.unwrap();
        let refused = ConnError::TooLong {
            announced: LIMIT_BEFORE_TRUST + 1,
            limit: LIMIT_BEFORE_TRUST,
        };
        assert_eq!(reader.recv().await, Err(refused));
    }

    #[tokio::test]
    async fn a_raised_limit_lets_longer_frames_through() {
        let (mut raw, mut reader) = raw_and_reader().await;
        reader.set_limit(1 << 20);
        let body = vec![7; 1 << 20];
        let sending = tokio::spawn(async move {
            raw.write_u32(1 << 20).await.unwrap();
            raw.write_all(&body).await.unwrap();
        });
        assert_eq!(reader.recv().await.unwrap().len(), 1 << 20);
        sending.await.unwrap();
    }

    #[tokio::test]
    async fn an_announced_length_costs_nothing_until_the_bytes_come() {
        let (mut raw, mut reader) = raw_and_reader().await;
        reader.set_limit(16 << 20);
        raw.write_u32(15 << 20).await.unwrap();
        raw.write_all(b"only this").await.unwrap();
        let waited =
            tokio::time::timeout(std::time::Duration::from_millis(50), reader.recv()).await;
        assert!(waited.is_err(), "the frame is not whole");
        assert!(reader.buffer.len() >= PREFIX, "the prefix was read");
        assert!(
            reader.buffer.capacity() <= 2 * CHUNK,
            "reserved {}",
            reader.buffer.capacity()
        );
    }

    #[tokio::test]
    async fn a_cancelled_recv_loses_no_byte() {
        let (mut raw, mut reader) = raw_and_reader().await;
        let mut frame = BytesMut::new();
        frame.put_u32(10);
        frame.put_slice(b"0123456789");
        for byte in frame.clone() {
            let _ = tokio::time::timeout(std::time::Duration::from_millis(1), reader.recv()).await;
            raw.write_u8(byte).await.unwrap();
        }
        assert_eq!(reader.recv().await.unwrap(), b"0123456789"[..]);
    }
}
