//! A request to create a link, and what it asks for.

use std::fmt;

use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use serde::Deserialize;
use serde::de::value::{MapAccessDeserializer, MapDeserializer};
use serde::de::{self, Deserializer, MapAccess, Visitor};

use super::NewLink;
use crate::link::{Link, now, url_of_the_web};

/// The longest life that can be asked for, in seconds: a hundred years.
const LONGEST_TTL: u64 = 3_155_760_000;

/// The byte order mark. Many files from Windows begin with it; it has no meaning here.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// What a request to create a link asks for. Says what is wrong with it, if something is.
pub(super) fn read(headers: &HeaderMap, body: &[u8]) -> Result<NewLink, String> {
    let body = body.strip_prefix(BYTE_ORDER_MARK).unwrap_or(body);
    let fields = if is_json(headers) {
        from_json(body)?
    } else {
        from_form(body)?
    };
    let url = fields.url.ok_or("a url is needed: url=https://…")?;
    let expires_at = fields.ttl.map(|ttl| seconds(&ttl)).transpose()?;
    Ok(NewLink {
        link: Link {
            url: url_of_the_web(&url)?,
            expires_at: expires_at.map(|seconds| now() + seconds * 1000),
        },
        code: fields.code.map(|code| code.parse()).transpose()?,
    })
}

fn seconds(ttl: &str) -> Result<u64, String> {
    let is_number = ttl.bytes().all(|byte| byte.is_ascii_digit());
    match ttl.parse() {
        Ok(seconds @ 1..=LONGEST_TTL) if is_number => Ok(seconds),
        _ => Err(format!(
            "ttl is a whole number of seconds, 1 to {LONGEST_TTL}, in digits alone"
        )),
    }
}

/// The fields of a request, in whatever format they come.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Fields {
    #[serde(deserialize_with = "text")]
    url: Option<String>,
    #[serde(deserialize_with = "text")]
    code: Option<String>,
    #[serde(deserialize_with = "text")]
    ttl: Option<String>,
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers
        .get(CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok());
    let essence = kind.and_then(|kind| kind.split(';').next());
    essence.is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"))
}

fn from_json(body: &[u8]) -> Result<Fields, String> {
    let mut json = serde_json::Deserializer::from_slice(body);
    let fields = json.deserialize_map(ByName);
    fields
        .and_then(|fields| json.end().map(|()| fields))
        .map_err(|why| format!("this JSON is not understood: {why}"))
}

fn from_form(body: &[u8]) -> Result<Fields, String> {
    // What is decoded field by field would have marks where it was not UTF-8.
    if percent_encoding::percent_decode(body)
        .decode_utf8()
        .is_err()
    {
        return Err("this form is not UTF-8".to_owned());
    }
    let fields = form_urlencoded::parse(body);
    MapDeserializer::new(fields)
        .deserialize_map(ByName)
        .map_err(|why: de::value::Error| format!("this form is not understood: {why}"))
}

/// Fields come by their names. (A struct may also come as a list of its values.)
struct ByName;

impl<'de> Visitor<'de> for ByName {
    type Value = Fields;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with a url")
    }

    fn visit_map<A: MapAccess<'de>>(self, fields: A) -> Result<Fields, A::Error> {
        Fields::deserialize(MapAccessDeserializer::new(fields))
    }
}

/// The text of a field, unless that is empty.
fn text<'de, D: Deserializer<'de>>(value: D) -> Result<Option<String>, D::Error> {
    struct Text;

    impl Visitor<'_> for Text {
        type Value = Option<String>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a text or a whole number")
        }

        fn visit_str<E: de::Error>(self, text: &str) -> Result<Option<String>, E> {
            Ok(Some(text.to_owned()).filter(|text| !text.is_empty()))
        }

        fn visit_u64<E: de::Error>(self, number: u64) -> Result<Option<String>, E> {
            Ok(Some(number.to_string()))
        }

        fn visit_unit<E: de::Error>(self) -> Result<Option<String>, E> {
            Ok(None)
        }
    }

    value.deserialize_any(Text)
}

#[cfg(test)]
mod tests;
