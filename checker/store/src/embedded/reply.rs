//! Answers, and how they look in the two versions of the protocol.

use bytes::{BufMut, Bytes, BytesMut};

/// The version of the protocol that a connection has chosen with `HELLO`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Protocol {
    Resp2,
    Resp3,
}

/// The answer to one command.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Reply {
    Simple(&'static str),
    /// Begins with the code of the error, such as `ERR`.
    Error(String),
    Integer(i64),
    Bulk(Bytes),
    /// Text for people to read.
    Verbatim(String),
    Null,
    Array(Vec<Reply>),
    Map(Vec<(Reply, Reply)>),
}

impl Reply {
    pub(crate) const OK: Reply = Reply::Simple("OK");

    pub(crate) fn bulk(text: impl Into<Bytes>) -> Reply {
        Reply::Bulk(text.into())
    }

    pub(crate) fn write(&self, protocol: Protocol, out: &mut BytesMut) {
        match self {
            Reply::Simple(text) => line(out, '+', text),
            // A line end would end the answer in its middle.
            Reply::Error(text) => line(out, '-', text.replace(['\r', '\n'], " ")),
            Reply::Integer(number) => line(out, ':', number),
            Reply::Bulk(bytes) => {
                line(out, '$', bytes.len());
                out.put_slice(bytes);
                out.put_slice(b"\r\n");
            }
            Reply::Verbatim(text) => {
                match protocol {
                    Protocol::Resp2 => line(out, '$', text.len()),
                    Protocol::Resp3 => {
                        line(out, '=', text.len() + 4);
                        out.put_slice(b"txt:");
                    }
                }
                out.put_slice(text.as_bytes());
                out.put_slice(b"\r\n");
            }
            Reply::Null => out.put_slice(match protocol {
                Protocol::Resp2 => b"$-1\r\n",
                Protocol::Resp3 => b"_\r\n",
            }),
            Reply::Array(items) => {
                Reply::write_array_of(items.len(), out);
                for item in items {
                    item.write(protocol, out);
                }
            }
            Reply::Map(pairs) => {
                match protocol {
                    Protocol::Resp2 => line(out, '*', pairs.len() * 2),
                    Protocol::Resp3 => line(out, '%', pairs.len()),
                }
                for (key, value) in pairs {
                    key.write(protocol, out);
                    value.write(protocol, out);
                }
            }
        }
    }

    /// Begins an array. Its items may follow one by one, so that a long one is never held whole.
    pub(crate) fn write_array_of(length: usize, out: &mut BytesMut) {
        line(out, '*', length);
    }
}

fn line(out: &mut BytesMut, kind: char, content: impl std::fmt::Display) {
    out.put_slice(format!("{kind}{content}\r\n").as_bytes());
}
