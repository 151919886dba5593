//! Reading commands from a client's bytes, as they trickle in.
//!
//! A client program sends arrays of bulk strings, and nothing else: no nesting, no other types. This
//! reader takes exactly that (and not the lines of words that Redis takes from people) and remembers
//! how far it got, so that a large command that arrives in small pieces is looked at once. Where
//! Redis is lenient (it does not look at the line end after a bulk string), so is this: the proxy
//! must see the same commands as the store behind it.

use std::ops::Range;

use bytes::{Bytes, BytesMut};

/// The most bytes that one command may take, so that a client cannot fill the memory.
pub(crate) const COMMAND_LIMIT: usize = 1024 * 1024;
/// The most bytes that one argument may take.
pub(crate) const BULK_LIMIT: usize = 512 * 1024;
const ARGUMENT_LIMIT: i64 = 65_536;
/// Longer than any header with a number that is accepted.
const HEADER_LIMIT: usize = 64;

/// One command as it was sent.
#[derive(Debug, PartialEq)]
pub(crate) struct Request {
    /// The bytes as they came, to pass on.
    pub(crate) raw: Bytes,
    /// The name and its arguments. Empty for an empty array, which is no command and has no answer.
    pub(crate) arguments: Vec<Bytes>,
}

/// Cuts a stream of bytes into [`Request`]s.
///
/// Never holds more than one unfinished command, and that is at most [`COMMAND_LIMIT`] long: ask
/// for requests until there are none before reading more.
#[derive(Default)]
pub(crate) struct Reader {
    buffer: BytesMut,
    /// How far the command at the start of the buffer has been understood.
    at: usize,
    /// How many arguments it still lacks; `None` before its first line is complete.
    missing: Option<usize>,
    /// The length of the argument that is being read.
    bulk: Option<usize>,
    found: Vec<Range<usize>>,
}

impl Reader {
    /// Where to read to; there is always room in it.
    pub(crate) fn buffer(&mut self) -> &mut BytesMut {
        self.buffer.reserve(4096);
        &mut self.buffer
    }

    /// Takes the next complete command, or `None` if more bytes are needed.
    ///
    /// # Errors
    ///
    /// The text of a protocol error, without `ERR`. The stream cannot be read on after it.
    pub(crate) fn take(&mut self) -> Result<Option<Request>, String> {
        let mut missing = match (self.missing, self.buffer.first()) {
            (Some(missing), _) => missing,
            (None, None) => return Ok(None),
            (None, Some(b'*')) => {
                let Some((count, next)) = self.header(1, "mbulk")? else {
                    return Ok(None);
                };
                let count = count
                    .filter(|count| *count <= ARGUMENT_LIMIT)
                    .ok_or("Protocol error: invalid multibulk length")?;
                self.at = next;
                usize::try_from(count).unwrap_or(0)
            }
            (None, Some(other)) => {
                let other = char::from(*other);
                return Err(format!("Protocol error: expected '*', got '{other}'"));
            }
        };
        while missing > 0 {
            self.missing = Some(missing);
            let Some(argument) = self.argument()? else {
                return Ok(None);
            };
            self.at = argument.end + 2;
            self.bulk = None;
            self.found.push(argument);
            missing -= 1;
        }
        let raw = self.buffer.split_to(self.at).freeze();
        let arguments = self.found.drain(..).map(|range| raw.slice(range)).collect();
        self.at = 0;
        self.missing = None;
        Ok(Some(Request { raw, arguments }))
    }

    fn argument(&mut self) -> Result<Option<Range<usize>>, String> {
        let length = match self.bulk {
            Some(length) => length,
            None => {
                match self.buffer.get(self.at) {
                    None => return Ok(None),
                    Some(b'$') => {}
                    Some(other) => {
                        let other = char::from(*other);
                        return Err(format!("Protocol error: expected '$', got '{other}'"));
                    }
                }
                let Some((length, next)) = self.header(self.at + 1, "bulk")? else {
                    return Ok(None);
                };
                let length = length
                    .and_then(|length| usize::try_from(length).ok())
                    .filter(|length| *length <= BULK_LIMIT)
                    .ok_or("Protocol error: invalid bulk length")?;
                if next + length + 2 > COMMAND_LIMIT {
                    return Err("Protocol error: too big command".to_owned());
                }
                self.at = next;
                self.bulk = Some(length);
                length
            }
        };
        let end = self.at + length;
        Ok((self.buffer.len() >= end + 2).then_some(self.at..end))
    }

    /// The number in the line from `start`, `None` if it is not one, and where the next line begins.
    fn header(&self, start: usize, what: &str) -> Result<Option<(Option<i64>, usize)>, String> {
        let rest = &self.buffer[start..];
        let line = &rest[..rest.len().min(HEADER_LIMIT)];
        match line.iter().position(|byte| *byte == b'\r') {
            Some(end) if rest.len() >= end + 2 => {
                Ok(Some((integer(&rest[..end]), start + end + 2)))
            }
            None if line.len() == HEADER_LIMIT => {
                Err(format!("Protocol error: too big {what} count string"))
            }
            _ => Ok(None),
        }
    }
}

/// Reads a whole number as strictly as Redis does: no sign but a minus, no leading zero, no space.
pub(crate) fn integer(text: &[u8]) -> Option<i64> {
    let text = std::str::from_utf8(text).ok()?;
    let number: i64 = text.parse().ok()?;
    (number.to_string() == text).then_some(number)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Feeds the bytes in pieces of this size, and returns all commands and the error, if any.
    fn read(bytes: &[u8], piece: usize) -> (Vec<Vec<Vec<u8>>>, Option<String>) {
        let mut reader = Reader::default();
        let (mut commands, mut raw) = (Vec::new(), Vec::new());
        for piece in bytes.chunks(piece) {
            reader.buffer().extend_from_slice(piece);
            loop {
                match reader.take() {
                    Ok(None) => break,
                    Ok(Some(request)) => {
                        raw.extend_from_slice(&request.raw);
                        let arguments = request.arguments.iter();
                        commands.push(arguments.map(|argument| argument.to_vec()).collect());
                    }
                    Err(text) => return (commands, Some(text)),
                }
            }
        }
        assert!(bytes.starts_with(&raw), "the pieces are not what was sent");
        assert_eq!(raw.len() + reader.buffer.len(), bytes.len());
        (commands, None)
    }

    #[track_caller]
    fn check(bytes: &str, expected: &[&[&str]]) {
        let expected: Vec<Vec<Vec<u8>>> = expected
            .iter()
            .map(|command| {
                command
                    .iter()
                    .map(|word| word.as_bytes().to_vec())
                    .collect()
            })
            .collect();
        for piece in 1..=bytes.len() {
            assert_eq!(
                read(bytes.as_bytes(), piece),
                (expected.clone(), None),
                "{bytes:?} {piece}"
            );
        }
    }

    #[track_caller]
    fn check_error(bytes: &str, expected: &str) {
        for piece in [1, bytes.len()] {
            let (_, error) = read(bytes.as_bytes(), piece);
            assert_eq!(error.as_deref(), Some(expected), "{bytes:?}");
        }
    }

    #[test]
    fn commands_are_read_however_they_are_cut() {
        check("*1\r\n$4\r\nPING\r\n", &[&["PING"]]);
        check(
            "*2\r\n$3\r\nGET\r\n$0\r\n\r\n*1\r\n$4\r\nPING\r\n",
            &[&["GET", ""], &["PING"]],
        );
        check("*0\r\n*-1\r\n*1\r\n$4\r\nPING\r\n", &[&[], &[], &["PING"]]);
        check("*2\r\n$3\r\nGET\r\n$3\r\na\r\n\r\n", &[&["GET", "a\r\n"]]);
        check("*2\r\n$3\r\nGET\r\n$5\r\nab", &[]);
    }

    #[test]
    fn bad_frames_are_errors_and_not_waited_for() {
        check_error("PING\r\n", "Protocol error: expected '*', got 'P'");
        check_error("*x\r\n", "Protocol error: invalid multibulk length");
        check_error("*03\r\n", "Protocol error: invalid multibulk length");
        check_error("*65537\r\n", "Protocol error: invalid multibulk length");
        check_error(
            "*99999999999999999999\r\n",
            "Protocol error: invalid multibulk length",
        );
        check_error(
            &format!("*{}", "1".repeat(100)),
            "Protocol error: too big mbulk count string",
        );
        check_error("*1\r\n*1\r\n", "Protocol error: expected '$', got '*'");
        check_error("*1\r\n$-1\r\n", "Protocol error: invalid bulk length");
        check_error("*1\r\n$524289\r\n", "Protocol error: invalid bulk length");
        check_error(
            &format!("*1\r\n${}", "1".repeat(100)),
            "Protocol error: too big bulk count string",
        );
    }

    #[test]
    fn command_over_the_limit_is_refused_before_it_has_come() {
        let half = format!("$524288\r\n{}\r\n", "x".repeat(BULK_LIMIT));
        let (commands, error) = read(format!("*2\r\n{half}$524288\r\n").as_bytes(), 1 << 16);
        assert_eq!(
            (commands.len(), error.as_deref()),
            (0, Some("Protocol error: too big command"))
        );
        let (commands, error) = read(format!("*1\r\n{half}").as_bytes(), 1 << 16);
        assert_eq!((commands.len(), error), (1, None));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_the_same_however_they_are_cut(
            bytes in prop::collection::vec(
                prop_oneof![any::<u8>(), prop::sample::select(b"*$12\r\nx".to_vec())], 0..80),
            piece in 1_usize..20,
        ) {
            prop_assert_eq!(read(&bytes, piece), read(&bytes, usize::MAX));
        }
    }
}
