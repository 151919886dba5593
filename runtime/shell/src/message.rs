//! Messages of servers whose types the shell does not know.
//!
//! On the wire a message is a CBOR value that says what it is: the enum's variant by its name,
//! the fields after it. So a message can be written by hand as JSON, and one that arrives can be
//! shown, without the Rust type:
//!
//! | in Rust                        | as JSON                                   | short        |
//! |--------------------------------|-------------------------------------------|--------------|
//! | `Reset`                        | `"Reset"`                                 | `Reset`      |
//! | `Add(5)`                       | `{"Add":5}`                               | `Add 5`      |
//! | `Set("a", 5)`                  | `{"Set":["a",5]}`                         | `Set "a" 5`  |
//! | `Ping { from: …, count: 3 }`   | `{"Ping":{"from":"gold@…","count":3}}`    | `Ping {…}`   |
//! | `Total(reply)`, a call         | `{"Total":null}`                          | `Total`      |
//! | `Get("a", reply)`, a call      | `{"Get":["a",null]}`                      | `Get "a"`    |

use std::fmt::Write;

use ciborium::Value;
use runtime::Reply;
use serde::de::DeserializeOwned;
use serde::de::value::UnitDeserializer;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The most characters of one value that are printed.
const LONGEST_SHOWN: usize = 10_000;

/// A message that a person wrote.
///
/// It is never what a mailbox *takes*, not even a mailbox of this shell: for then the runtime
/// would hand it over as it is, instead of encoding it, and the `Reply` of a call, for which there
/// is no place in it, would be dropped.
#[derive(Debug, Serialize)]
#[serde(transparent)]
pub(crate) struct Written(pub(crate) Value);

/// A message that arrived, whatever it is, and the right to answer it if it was called.
///
/// The runtime marks the place of the `Reply` with a null; which of several nulls it is cannot be
/// known without the type, and need not be: there is one `Reply` a message, bound to the delivery
/// and not to its place. So the whole message is read as a value, and the `Reply` afterwards, from
/// a null of our own.
#[derive(Debug)]
pub(crate) struct Heard {
    pub(crate) value: Value,
    pub(crate) reply: Option<Reply<Value>>,
}

impl<'de> Deserialize<'de> for Heard {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        // Fails for a cast, and only then: nobody waits for an answer.
        let null = UnitDeserializer::<serde::de::value::Error>::new();
        let reply = Reply::deserialize(null).ok();
        Ok(Heard { value, reply })
    }
}

impl Serialize for Heard {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.value.serialize(serializer)
    }
}

/// What is to become of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sent {
    /// It is cast, or is an answer: all of its values are given.
    AsIs,
    /// It is called: a null stands for the `Reply`, at the end unless it is written.
    ForAnAnswer,
}

/// Reads a message from what a person typed: JSON, or the short form of the module's table.
///
/// # Errors
/// A sentence for that person.
pub(crate) fn read(text: &str, sent: Sent) -> Result<Value, String> {
    let text = text.trim();
    if text.is_empty() {
        return Err("There is no message. It is the name of a variant, such as Reset, or JSON, such as {\"Add\":5}.".into());
    }
    let (variant, values) = match split_variant(text) {
        Some((variant, values)) => (variant.to_owned(), read_json::<Value>(values)?),
        None => match &read_json::<Value>(text)?[..] {
            // As JSON, too, the name alone is enough.
            [Value::Text(variant)] if sent == Sent::ForAnAnswer => (variant.clone(), Vec::new()),
            [value] => return Ok(value.clone()),
            _ => return Err(format!("These are several values, not one message: {text}")),
        },
    };
    Ok(build(variant, values, sent))
}

/// The variant's name, if the text begins with one, and the rest.
fn split_variant(text: &str) -> Option<(&str, &str)> {
    let (word, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    let is_name = word.starts_with(|first: char| first.is_ascii_alphabetic())
        && word.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    (is_name && !["true", "false", "null"].contains(&word)).then_some((word, rest))
}

fn build(variant: String, mut values: Vec<Value>, sent: Sent) -> Value {
    if sent == Sent::ForAnAnswer {
        values.push(Value::Null);
    }
    let variant = Value::Text(variant);
    match values.len() {
        0 => variant,
        1 => Value::Map(vec![(variant, values.remove(0))]),
        _ => Value::Map(vec![(variant, Value::Array(values))]),
    }
}

/// Reads all values of a text, in JSON.
fn read_json<T: DeserializeOwned>(text: &str) -> Result<Vec<T>, String> {
    serde_json::Deserializer::from_str(text)
        .into_iter::<T>()
        .collect::<Result<_, _>>()
        .map_err(|error| {
            format!(
                "{} is not JSON: {error}. Write texts in quotes, and a message like {{\"Add\":5}} or Add 5.",
                text.trim()
            )
        })
}

/// A value as a person reads it: JSON, and where JSON has no word for it, the notation of CBOR.
pub(crate) fn show(value: &Value) -> String {
    let mut text = String::new();
    write_value(&mut text, value);
    let length = text.chars().count();
    if length > LONGEST_SHOWN {
        text = text.chars().take(LONGEST_SHOWN).collect();
        let _ = write!(text, "… ({length} characters in all)");
    }
    text
}

fn write_value(out: &mut String, value: &Value) {
    // Writing to a `String` cannot fail.
    let _ = match value {
        Value::Null => write!(out, "null"),
        Value::Bool(value) => write!(out, "{value}"),
        Value::Integer(value) => write!(out, "{}", i128::from(*value)),
        Value::Float(value) => write!(out, "{value:?}"),
        Value::Text(text) => write!(out, "{}", serde_json::Value::from(text.as_str())),
        Value::Bytes(bytes) => {
            out.push_str("h'");
            for byte in bytes {
                let _ = write!(out, "{byte:02x}");
            }
            write!(out, "'")
        }
        Value::Array(values) => {
            write_list(out, '[', values, write_value, ']');
            Ok(())
        }
        Value::Map(entries) => {
            let write_entry = |out: &mut String, (key, value): &(Value, Value)| {
                write_value(out, key);
                out.push(':');
                write_value(out, value);
            };
            write_list(out, '{', entries, write_entry, '}');
            Ok(())
        }
        Value::Tag(tag, value) => {
            let _ = write!(out, "{tag}(");
            write_value(out, value);
            write!(out, ")")
        }
        other => write!(out, "{other:?}"),
    };
}

fn write_list<T>(
    out: &mut String,
    open: char,
    items: &[T],
    mut write_item: impl FnMut(&mut String, &T),
    close: char,
) {
    out.push(open);
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        write_item(out, item);
    }
    out.push(close);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(typed: &str, sent: Sent, expected: &str) {
        assert_eq!(
            read(typed, sent).map(|value| show(&value)).as_deref(),
            Ok(expected)
        );
    }

    #[test]
    fn a_variant_of_each_shape_can_be_cast_in_short() {
        check("Reset", Sent::AsIs, r#""Reset""#);
        check("Add 5", Sent::AsIs, r#"{"Add":5}"#);
        check(r#"Set "a" -5"#, Sent::AsIs, r#"{"Set":["a",-5]}"#);
        check(r#"Ping {"count":3}"#, Sent::AsIs, r#"{"Ping":{"count":3}}"#);
    }

    #[test]
    fn a_call_in_short_gets_a_place_for_its_reply() {
        check("Total", Sent::ForAnAnswer, r#"{"Total":null}"#);
        check(r#""Total""#, Sent::ForAnAnswer, r#"{"Total":null}"#);
        check(r#"Get "a""#, Sent::ForAnAnswer, r#"{"Get":["a",null]}"#);
    }

    #[test]
    fn json_is_sent_as_it_is_written() {
        check(
            r#"{"Get":{"key":"a","reply":null}}"#,
            Sent::ForAnAnswer,
            r#"{"Get":{"key":"a","reply":null}}"#,
        );
        check(
            "[1,2.5,true,null,\"x\\ty\"]",
            Sent::AsIs,
            "[1,2.5,true,null,\"x\\ty\"]",
        );
        check("18446744073709551615", Sent::AsIs, "18446744073709551615");
    }

    #[test]
    fn what_is_no_message_is_refused_in_words() {
        for typed in ["", "{\"Add\":", "Add five", "1 2", "{Add:5}"] {
            let refused = read(typed, Sent::AsIs).unwrap_err();
            assert!(refused.len() > 20, "{typed:?} is refused with {refused:?}");
        }
    }

    #[test]
    fn what_json_cannot_say_is_shown_in_the_notation_of_cbor() {
        let value = Value::Map(vec![(Value::Integer(1.into()), Value::Bytes(vec![0, 255]))]);
        assert_eq!(show(&value), "{1:h'00ff'}");
    }

    #[test]
    fn a_long_value_is_cut() {
        assert!(show(&Value::Text("x".repeat(1_000_000))).len() < 2 * LONGEST_SHOWN);
    }
}
