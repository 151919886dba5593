//! Files that people wrote, with whatever editor they have.

/// The byte order mark, which some editors put before a text. It is no part of it.
const MARK: char = '\u{feff}';

/// The text in these bytes.
///
/// # Errors
/// What the bytes are instead of UTF-8, and what helps: a fragment.
pub fn utf8(bytes: Vec<u8>) -> Result<String, String> {
    let is_utf16 = bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]);
    match String::from_utf8(bytes) {
        Ok(text) => Ok(text.strip_prefix(MARK).map(str::to_owned).unwrap_or(text)),
        Err(_) if is_utf16 => Err("is UTF-16; save it as UTF-8".to_owned()),
        Err(error) => {
            let at = error.utf8_error().valid_up_to();
            let before = &error.as_bytes()[..at];
            let line = 1 + before.iter().filter(|&&byte| byte == b'\n').count();
            Err(format!(
                "is not UTF-8, from line {line} on; save it as UTF-8"
            ))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_of_any_editor_is_read_or_named() {
        let read = |bytes: &[u8]| utf8(bytes.to_vec());
        assert_eq!(read(b"nodes\n"), Ok("nodes\n".into()));
        assert_eq!(read(b"\xef\xbb\xbfnodes"), Ok("nodes".into()));
        for utf16 in [b"\xff\xfen\0", b"\xfe\xff\0n"] {
            assert_eq!(read(utf16), Err("is UTF-16; save it as UTF-8".into()));
        }
        let why = "is not UTF-8, from line 2 on; save it as UTF-8";
        assert_eq!(read(b"nodes\n# \xfcber"), Err(why.into()));
    }
}
