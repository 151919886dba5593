//! What is kept of a link, and the codes that stand for it.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use url::{ParseError, Url};

/// The time in milliseconds since 1970: what the expiry of a link is compared with.
///
/// Nodes compare it with times that other nodes wrote down, so their clocks should agree to well
/// under a second. The program's own waiting goes by [`tokio::time`] instead.
pub fn now() -> u64 {
    // An expiry must mean the same to every node, also after a restart.
    let since = runtime::gate::wall_clock().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |since| {
        u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
    })
}

/// The longest URL, in bytes, as it comes and as it is kept.
const LONGEST_URL: usize = 2048;

/// Where a code leads, and for how long.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Link {
    /// The absolute URL, in the one spelling that the WHATWG URL standard gives it.
    pub url: String,
    /// When it ends, in milliseconds since 1970; `None` if it never does.
    pub expires_at: Option<u64>,
}

impl Link {
    /// Whether it has ended at a time (see [`now`]). An expired link leads nowhere, whether it was
    /// swept from the store or not.
    pub fn is_expired(&self, at: u64) -> bool {
        self.expires_at.is_some_and(|end| end <= at)
    }

    /// Whether it ends later than another link.
    pub(crate) fn outlives(&self, other: &Link) -> bool {
        let end = |link: &Link| link.expires_at.unwrap_or(u64::MAX);
        end(self) > end(other)
    }

    /// As it is written in the store: `1764034091000 https://…`, or `- https://…` if it never ends.
    pub fn to_text(&self) -> String {
        match self.expires_at {
            Some(end) => format!("{end} {}", self.url),
            None => format!("- {}", self.url),
        }
    }

    /// Reads what [`to_text`](Self::to_text) wrote; `None` if the text is something else. What is read here is
    /// written again byte for byte, so that the store can compare it with what it has.
    pub fn from_text(text: &str) -> Option<Link> {
        let (end, url) = text.split_once(' ')?;
        let expires_at = match end {
            "-" => None,
            end => Some(end.parse().ok()?),
        };
        let link = Link {
            url: url.to_owned(),
            expires_at,
        };
        (link.to_text() == text).then_some(link)
    }
}

/// A URL that can be the target of a link, in the one spelling that the standard gives it. That is
/// of ASCII alone, and free of what could end a header.
pub(crate) fn url_of_the_web(text: &str) -> Result<String, String> {
    let too_long = || format!("a url has at most {LONGEST_URL} bytes");
    if text.len() > LONGEST_URL {
        return Err(too_long());
    }
    let url = Url::parse(text).map_err(|why| match why {
        ParseError::RelativeUrlWithoutBase => "this is not an absolute url".to_owned(),
        why => format!("this is not a url: {why}"),
    })?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err("a url must begin with http:// or https://".to_owned());
    }
    let url = String::from(url);
    if url.len() > LONGEST_URL {
        return Err(too_long());
    }
    Ok(url)
}

/// The short name of a link: 1 to 64 letters, digits, `-` and `_`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Code(String);

/// Codes that the service needs for itself.
const RESERVED: &[&str] = &["healthz"];

/// How many codes a URL may get, one after the other, when others have them already.
const CANDIDATES: u32 = 4;

impl Code {
    /// The codes that a URL may get, the first choice first. They depend on the URL alone: every
    /// node, at any time, comes to the same.
    pub fn candidates(url: &str) -> Vec<Code> {
        (0..CANDIDATES)
            .map(|choice| Code::hashed(url, choice))
            .collect()
    }

    fn hashed(url: &str, choice: u32) -> Code {
        const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
        let hash = Sha256::new()
            .chain_update(choice.to_be_bytes())
            .chain_update(url)
            .finalize();
        let mut number = u64::from_be_bytes(hash[..8].try_into().expect("a hash has 32 bytes"));
        let mut code = String::with_capacity(7);
        for _ in 0..7 {
            code.push(char::from(DIGITS[(number % 62) as usize]));
            number /= 62;
        }
        Code(code)
    }

    /// The code as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Code {
    type Err = String;

    fn from_str(text: &str) -> Result<Code, String> {
        let fits = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if !(1..=64).contains(&text.len()) || !text.chars().all(fits) {
            return Err("a code is 1 to 64 letters, digits, - and _".into());
        }
        if RESERVED.contains(&text) {
            return Err(format!("the code {text} is reserved"));
        }
        Ok(Code(text.to_owned()))
    }
}

impl TryFrom<String> for Code {
    type Error = String;

    fn try_from(text: String) -> Result<Code, String> {
        text.parse()
    }
}

impl From<Code> for String {
    fn from(code: Code) -> String {
        code.0
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_the_same_in_every_process() {
        let codes = Code::candidates("https://example.org/a");
        let texts: Vec<&str> = codes.iter().map(Code::as_str).collect();
        assert_eq!(texts, ["o4L5xyK", "8yj6ubK", "jAx1FLj", "BFSxbWs"]);
    }

    #[test]
    fn links_are_read_as_they_were_written() {
        for link in [
            Link {
                url: "https://example.org/a b".into(),
                expires_at: None,
            },
            Link {
                url: "http://example.org".into(),
                expires_at: Some(17),
            },
        ] {
            assert_eq!(Link::from_text(&link.to_text()), Some(link));
        }
        for text in [
            "nonsense",
            "soon",
            "+17",
            "017",
            "-17",
            "99999999999999999999",
        ] {
            assert_eq!(Link::from_text(text), None, "{text}");
            let text = format!("{text} https://example.org/");
            assert_eq!(Link::from_text(&text), None, "{text}");
        }
    }

    #[test]
    fn strange_codes_are_refused() {
        for text in ["", "healthz", "a/b", "ä", "a b", "%0d", &"x".repeat(65)] {
            assert!(text.parse::<Code>().is_err(), "{text}");
        }
        assert!("my-own_Code7".parse::<Code>().is_ok());
    }
}
