//! What nodes send each other, byte by byte.
//!
//! A frame is a `u32` length (big endian), then a *header* and, for the kinds that carry one, a
//! *payload*: two CBOR items in a row (a CBOR sequence, RFC 8742). The payload is a value of the
//! program: the message of a server, or the answer to a call. Because it stands by itself, it is
//! encoded once even when it goes to many nodes, and a program that only forwards frames need not
//! understand it.
//!
//! Before the first frame comes the handshake, see `handshake.rs`; `docs/PROTOCOL.md` has both.

use std::collections::VecDeque;
use std::fmt;
use std::io::IoSlice;

use bytes::{Buf, BufMut, Bytes, BytesMut};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::name::NodeName;
use crate::process_id::ExitReason;

/// Version of the protocol, sent in the handshake. Nodes with another version are refused.
pub const PROTOCOL_VERSION: u16 = 1;

/// How deeply values may nest, in levels. A frame that nests deeper is refused, not followed:
/// a million levels would overflow the stack of the receiver.
const DEEPEST: usize = 64;

/// Which process of the receiving node is meant.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Target {
    /// Whichever process has this name when the frame arrives.
    #[serde(rename = "n")]
    Name(String),
    /// One start of one process of one start of the node: creation and serial.
    #[serde(rename = "p")]
    Process(u64, u64),
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Target::Name(name) => f.write_str(name),
            Target::Process(_, serial) => write!(f, "process {serial}"),
        }
    }
}

/// Why a call has no answer, according to the node that was called.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum NoAnswer {
    /// No process has that name or id.
    NoProcess,
    /// The process cannot decode the message; the text says why.
    NotUnderstood(String),
    /// The process handled the message and dropped its `Reply`.
    NoReply,
    /// The process ended before it answered.
    Exited(ExitReason),
    /// The process answered, but the answer cannot be sent; the text says why.
    Unsendable(String),
}

/// The first item of each frame: what kind it is, and whom it concerns.
///
/// Every variant is a tuple, so that it travels as an array without field names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Header {
    /// "I am still here": sent when there was nothing else to send.
    #[serde(rename = "t")]
    Tick,
    /// A message without an answer. Payload: the message.
    #[serde(rename = "c")]
    Cast(Target),
    /// A message with an answer, and the caller's number for it. Payload: the message, in which
    /// the place of the `Reply` is null.
    #[serde(rename = "q")]
    Call(Target, u64),
    /// The answer to the call of that number. Payload: the value.
    #[serde(rename = "a")]
    Answer(u64),
    /// The call of that number has no answer, and why.
    #[serde(rename = "x")]
    NoAnswer(u64, NoAnswer),
    /// "Tell me when the target ends": the number of the watch, the target, and whether the
    /// watcher is linked (then the target ends with the watcher, which has this serial).
    #[serde(rename = "w")]
    Watch(u64, Target, Option<u64>),
    /// "I no longer care": the number of the watch.
    #[serde(rename = "u")]
    Unwatch(u64),
    /// "It ended": the number of the watch, and the reason.
    #[serde(rename = "d")]
    Ended(u64, ExitReason),
    /// "End, for this reason."
    #[serde(rename = "e")]
    Exit(Target, ExitReason),
    /// The nodes that the sender is connected to; the receiver connects to them as well.
    #[serde(rename = "m")]
    Mesh(Vec<NodeName>),
    /// The sender closes this connection on purpose: it should not be opened again by itself.
    #[serde(rename = "g")]
    Goodbye,
}

impl Header {
    /// The process that the frame is for, where there is one.
    pub fn target(&self) -> Option<&Target> {
        match self {
            Header::Cast(to)
            | Header::Call(to, _)
            | Header::Watch(_, to, _)
            | Header::Exit(to, _) => Some(to),
            _ => None,
        }
    }

    /// Whether the frame belongs to the runtime's own bookkeeping: all that is not a cast, a call
    /// or an answer, and what goes to servers of the runtime, whose names begin with `$`.
    pub fn is_bookkeeping(&self) -> bool {
        match self {
            Header::Cast(Target::Name(name)) | Header::Call(Target::Name(name), _) => {
                name.starts_with('$')
            }
            Header::Cast(_) | Header::Call(..) | Header::Answer(_) | Header::NoAnswer(..) => false,
            _ => true,
        }
    }
}

/// A received frame, its header decoded and its payload not yet.
#[derive(Debug, Clone)]
pub struct Frame {
    /// The sender's Lamport clock when it sent this.
    pub clock: u64,
    /// What kind of frame it is.
    pub header: Header,
    /// The program's value, still encoded; empty where the kind has none.
    pub payload: Bytes,
}

/// A frame or payload that does not follow the protocol.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Malformed(pub String);

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Malformed {}

/// Appends one whole frame to `out`, with its length prefix.
pub fn put_frame(out: &mut BytesMut, clock: u64, header: &Header, payload: &[u8]) {
    put_header(out, clock, header, payload.len());
    out.put_slice(payload);
}

/// Appends a frame up to its payload, which has so many bytes and must follow.
fn put_header(out: &mut BytesMut, clock: u64, header: &Header, payload: usize) {
    let start = out.len();
    out.put_u32(0);
    ciborium::into_writer(&(clock, header), out.writer())
        .expect("a header can always be encoded into memory");
    let length = u32::try_from(out.len() - start - 4 + payload);
    let length = length.expect("senders check the size of a frame");
    out[start..start + 4].copy_from_slice(&length.to_be_bytes());
}

/// A payload of so many bytes or more is sent from where it is, and not copied behind its header.
const LONG_PAYLOAD: usize = 16 << 10;

/// Frames that are sent together.
///
/// Short ones are copied one behind the other, because a system call for each would cost more than
/// the copy. A long payload stays where it was encoded, and is a piece of its own; the operating
/// system takes several pieces in one call.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    pieces: VecDeque<Bytes>,
    /// What comes behind the pieces.
    tail: BytesMut,
    bytes: usize,
}

impl Batch {
    /// Appends one whole frame.
    pub(crate) fn put_frame(&mut self, clock: u64, header: &Header, payload: &Bytes) {
        let before = self.tail.len();
        put_header(&mut self.tail, clock, header, payload.len());
        self.bytes += self.tail.len() - before + payload.len();
        if payload.len() < LONG_PAYLOAD {
            self.tail.put_slice(payload);
        } else {
            self.pieces.push_back(self.tail.split().freeze());
            self.pieces.push_back(payload.clone());
        }
    }
}

impl Buf for Batch {
    fn remaining(&self) -> usize {
        self.bytes
    }

    fn chunk(&self) -> &[u8] {
        self.pieces.front().map_or(&self.tail, |piece| piece)
    }

    fn chunks_vectored<'a>(&'a self, slices: &mut [IoSlice<'a>]) -> usize {
        let pieces = self.pieces.iter().map(|piece| &piece[..]);
        let chunks = pieces.chain([&self.tail[..]]);
        let filled = slices.iter_mut().zip(chunks);
        filled
            .map(|(slice, chunk)| *slice = IoSlice::new(chunk))
            .count()
    }

    fn advance(&mut self, mut sent: usize) {
        self.bytes -= sent;
        while let Some(piece) = self.pieces.front_mut() {
            if sent < piece.len() {
                return piece.advance(sent);
            }
            sent -= piece.len();
            self.pieces.pop_front();
        }
        self.tail.advance(sent);
    }
}

/// Reads a frame from its bytes, without the length prefix.
///
/// # Errors
/// [`Malformed`] when the header is not CBOR, of an unknown kind, or nested too deeply. The
/// payload is not looked at.
pub fn read_frame(bytes: Bytes) -> Result<Frame, Malformed> {
    let mut rest = &bytes[..];
    let (clock, header) = read_item(&mut rest)?;
    let payload = bytes.slice(bytes.len() - rest.len()..);
    Ok(Frame {
        clock,
        header,
        payload,
    })
}

/// Encodes a value of the program.
///
/// # Errors
/// [`Malformed`] when the value's own `Serialize` refuses.
pub fn encode<T: Serialize + ?Sized>(value: &T) -> Result<Bytes, Malformed> {
    let mut out = Vec::with_capacity(128);
    ciborium::into_writer(value, &mut out).map_err(|error| Malformed(error.to_string()))?;
    Ok(out.into())
}

/// Decodes a value of the program; it must be the only item.
///
/// # Errors
/// [`Malformed`], with the decoder's words, for anything but exactly one well-formed value of
/// type `T`.
pub fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Malformed> {
    let mut rest = bytes;
    let value = read_item(&mut rest)?;
    match rest {
        [] => Ok(value),
        more => Err(Malformed(format!("{} bytes follow the value", more.len()))),
    }
}

fn read_item<T: DeserializeOwned>(rest: &mut &[u8]) -> Result<T, Malformed> {
    use ciborium::de::Error;
    ciborium::de::from_reader_with_recursion_limit(rest, DEEPEST).map_err(|error| {
        Malformed(match error {
            Error::Io(_) => "the value ends too early".into(),
            Error::Syntax(at) => format!("not CBOR (byte {at})"),
            Error::Semantic(_, why) => why,
            Error::RecursionLimitExceeded => format!("values nest more than {DEEPEST} deep"),
        })
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn cast(bytes: usize) -> (Header, Bytes) {
        let to = Target::Name("counter".into());
        (Header::Cast(to), vec![bytes as u8; bytes].into())
    }

    proptest! {
        #[test]
        fn batch_sends_the_bytes_of_its_frames_in_order(
            payloads in prop::collection::vec(
                prop_oneof![0usize..300, LONG_PAYLOAD - 2..LONG_PAYLOAD + 3, Just(100_000)],
                0..12,
            ),
            taken in prop::collection::vec(1usize..60_000, 1..20),
        ) {
            let (mut batch, mut expected) = (Batch::default(), BytesMut::new());
            for (clock, bytes) in (1..).zip(payloads) {
                let (header, payload) = cast(bytes);
                batch.put_frame(clock, &header, &payload);
                put_frame(&mut expected, clock, &header, &payload);
            }
            prop_assert_eq!(batch.remaining(), expected.len());
            let mut sent = BytesMut::new();
            // As a socket does: it takes as much as it has room for.
            for room in taken.into_iter().cycle() {
                if !batch.has_remaining() {
                    break;
                }
                let mut slices = [IoSlice::new(&[]); 3];
                let filled = batch.chunks_vectored(&mut slices);
                let offered: Vec<u8> = slices[..filled].iter().flat_map(|slice| slice.to_vec()).collect();
                prop_assert!(offered.starts_with(batch.chunk()) && !offered.is_empty());
                let took = room.min(offered.len());
                sent.put_slice(&offered[..took]);
                batch.advance(took);
            }
            prop_assert!(sent == expected);
        }
    }

    #[test]
    fn long_payload_is_sent_from_where_it_is() {
        let (header, payload) = cast(LONG_PAYLOAD);
        let mut batch = Batch::default();
        batch.put_frame(1, &header, &payload);
        let mut slices = [IoSlice::new(&[]); 4];
        batch.chunks_vectored(&mut slices);
        assert_eq!(slices[1].as_ptr(), payload.as_ptr());
    }
}
