//! Answers, and their bytes in RESP2.

use bytes::{BufMut, Bytes, BytesMut};

/// The answer to one command.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Reply {
    Simple(&'static str),
    /// Begins with the code of the error, such as `ERR`.
    Error(String),
    Integer(i64),
    Bulk(Bytes),
    Null,
    Array(Vec<Reply>),
}

impl Reply {
    pub(crate) const OK: Reply = Reply::Simple("OK");

    pub(crate) fn bulk(text: impl Into<Bytes>) -> Reply {
        Reply::Bulk(text.into())
    }

    pub(crate) fn write(&self, out: &mut BytesMut) {
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
            Reply::Null => out.put_slice(b"$-1\r\n"),
            Reply::Array(items) => {
                Reply::write_array_of(items.len(), out);
                for item in items {
                    item.write(out);
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
