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
use serde::de::value::UnitDeserializer;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The most characters of one value that are printed.
const LONGEST_SHOWN: usize = 10_000;

/// A message that a person wrote.
///
/// It never has the type that a mailbox *takes*, not even a mailbox of this shell: otherwise the runtime
/// would hand it over as it is, instead of encoding it, and the `Reply` of a call, for which there
/// is no place in it, would be dropped.
#[derive(Debug, Serialize)]
#[serde(transparent)]
pub struct Written(pub Value);

/// A message that arrived, whatever it is, and the right to answer it if it was called.
///
/// The runtime marks the place of the `Reply` with a null; which of several nulls it is cannot be
/// known without the type, and need not be: there is one `Reply` a message, bound to the delivery
/// and not to its place. So the whole message is read as a value, and the `Reply` afterwards, from
/// a null of our own.
#[derive(Debug)]
pub struct Heard {
    pub value: Value,
    pub reply: Option<Reply<Value>>,
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
pub enum Sent {
    /// It is cast, or is an answer: all of its values are given.
    AsIs,
    /// It is called: a null stands for the `Reply`, at the end unless it is written.
    ForAnAnswer,
}

/// Reads a message from what a person typed: JSON, or the short form of the module's table.
///
/// # Errors
/// A sentence for that person.
pub fn read(text: &str, sent: Sent) -> Result<Value, String> {
    let text = text.trim();
    if text.is_empty() {
        return Err("The message is missing. Write the name of a variant, such as Reset, or JSON, such as {\"Add\":5}.".into());
    }
    let (variant, rest) = match split_variant(text) {
        Some((variant, rest)) => (Some(variant.to_owned()), rest),
        None => (None, text),
    };
    let mut reader = Reader {
        rest,
        depth: 0,
        has_reply: false,
    };
    let values = reader
        .arguments(variant.is_some())
        .map_err(|why| format!("{text} is not a message: {why}. {HOW_TO_WRITE}"))?;
    let for_an_answer = sent == Sent::ForAnAnswer && !reader.has_reply;
    match (variant, &values[..]) {
        (Some(variant), _) => Ok(build(variant, values, for_an_answer)),
        // As JSON, too, the name alone is enough.
        (None, [Value::Text(variant)]) if for_an_answer => {
            Ok(build(variant.clone(), Vec::new(), true))
        }
        (None, [value]) => Ok(value.clone()),
        _ => Err(format!("These are several values, not one message: {text}")),
    }
}

const HOW_TO_WRITE: &str =
    "Write texts in quotes, and a message like Ping{count: 5}, {\"Add\":5} or Add 5.";

/// The variant's name, if the text begins with one, and the rest.
fn split_variant(text: &str) -> Option<(&str, &str)> {
    let end = text.find(|c: char| !is_in_name(c)).unwrap_or(text.len());
    let (word, rest) = text.split_at(end);
    let is_name = word.starts_with(|first: char| first.is_ascii_alphabetic())
        && (rest.is_empty()
            || rest.starts_with(|next: char| next.is_whitespace() || "({".contains(next)));
    (is_name && !["true", "false", "null"].contains(&word)).then_some((word, rest))
}

fn is_in_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

fn build(variant: String, mut values: Vec<Value>, for_an_answer: bool) -> Value {
    if for_an_answer {
        values.push(Value::Null);
    }
    variant_of(variant, values)
}

/// A variant with these values, as it goes over the wire.
fn variant_of(variant: String, mut values: Vec<Value>) -> Value {
    let variant = Value::Text(variant);
    match values.len() {
        0 => variant,
        1 => Value::Map(vec![(variant, values.remove(0))]),
        _ => Value::Map(vec![(variant, Value::Array(values))]),
    }
}

/// How deep values may lie in each other. Nobody types more.
const DEEPEST: usize = 64;

/// Reads values as JSON writes them, and as Rust does.
struct Reader<'a> {
    rest: &'a str,
    depth: usize,
    /// Whether the place of the `Reply` was written: `_`.
    has_reply: bool,
}

impl<'a> Reader<'a> {
    /// All that is left: what stands in parentheses behind a variant, or values side by side.
    fn arguments(&mut self, of_variant: bool) -> Result<Vec<Value>, String> {
        let mut values = Vec::new();
        if of_variant && self.rest.starts_with('(') {
            values = self.list(')', Reader::value)?;
            self.skip_space();
            if !self.rest.is_empty() {
                return Err(format!("{} is too much", self.rest));
            }
        }
        self.skip_space();
        while !self.rest.is_empty() {
            values.push(self.value()?);
            self.skip_space();
        }
        Ok(values)
    }

    fn value(&mut self) -> Result<Value, String> {
        self.skip_space();
        match self.rest.chars().next() {
            None => Err("it ends too early".into()),
            Some('{') => Ok(Value::Map(self.list('}', Reader::entry)?)),
            Some('[') => Ok(Value::Array(self.list(']', Reader::value)?)),
            Some('"') => self.text(),
            Some('-' | '0'..='9') => self.number(),
            Some(c) if is_in_name(c) => self.named(),
            Some(c) => Err(format!("{c:?} is not expected there")),
        }
    }

    /// A text.
    fn text(&mut self) -> Result<Value, String> {
        let mut texts = serde_json::Deserializer::from_str(self.rest).into_iter::<Value>();
        let text = texts.next().ok_or("it ends too early")?;
        let text = text.map_err(|error| error.to_string())?;
        self.rest = &self.rest[texts.byte_offset()..];
        Ok(text)
    }

    fn number(&mut self) -> Result<Value, String> {
        let is_in_number = |c: char| c.is_ascii_alphanumeric() || "+-.".contains(c);
        let end = self.rest.find(|c: char| !is_in_number(c));
        let (number, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
        self.rest = rest;
        serde_json::from_str(number).map_err(|_| format!("{number} is not a number"))
    }

    /// `true`, `None`, `Some(5)`, `Add(5)`, `Ping{count: 5}`, `_`.
    fn named(&mut self) -> Result<Value, String> {
        let name = self.name();
        match (name, self.rest.trim_start().chars().next()) {
            ("true", _) => Ok(Value::Bool(true)),
            ("false", _) => Ok(Value::Bool(false)),
            ("null" | "None", _) => Ok(Value::Null),
            ("_", _) => {
                self.has_reply = true;
                Ok(Value::Null)
            }
            (name, _) if !name.starts_with(|c: char| c.is_ascii_uppercase()) => Err(format!(
                "{name} is neither a text in quotes nor the name of a variant"
            )),
            ("Some", Some('(')) => match &self.list(')', Reader::value)?[..] {
                [value] => Ok(value.clone()),
                _ => Err("Some holds one value".into()),
            },
            (name, Some('(')) => Ok(variant_of(name.into(), self.list(')', Reader::value)?)),
            (name, Some('{')) => {
                let fields = Value::Map(self.list('}', Reader::entry)?);
                Ok(variant_of(name.into(), vec![fields]))
            }
            (name, _) => Ok(Value::Text(name.into())),
        }
    }

    /// What stands between brackets, with commas in between.
    fn list<T>(
        &mut self,
        close: char,
        item: impl Fn(&mut Self) -> Result<T, String>,
    ) -> Result<Vec<T>, String> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err("it is nested too deeply".into());
        }
        self.skip_space();
        self.rest = &self.rest[1..];
        let mut items = Vec::new();
        while !self.takes(close) {
            items.push(item(self)?);
            if !self.takes(',') && !self.rest.starts_with(close) {
                return Err(format!("a comma or {close} is missing"));
            }
        }
        self.depth -= 1;
        Ok(items)
    }

    fn entry(&mut self) -> Result<(Value, Value), String> {
        self.skip_space();
        let key = match self.rest.chars().next() {
            Some(c) if c.is_ascii_alphabetic() || c == '_' => Value::Text(self.name().into()),
            _ => self.value()?,
        };
        if !self.takes(':') {
            return Err("a colon is missing after the name of a field".into());
        }
        Ok((key, self.value()?))
    }

    fn name(&mut self) -> &'a str {
        let end = self.rest.find(|c: char| !is_in_name(c));
        let (name, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
        self.rest = rest;
        name
    }

    fn takes(&mut self, sign: char) -> bool {
        self.skip_space();
        let rest = self.rest.strip_prefix(sign);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn skip_space(&mut self) {
        self.rest = self.rest.trim_start();
    }
}

/// A value as a person reads it: JSON, and where JSON has no word for it, the notation of CBOR.
pub fn show(value: &Value) -> String {
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

/// Takes `within TIME` off the end of a call's message.
pub fn split_within(text: &str) -> (&str, Option<&str>) {
    let (before, last) = text.rsplit_once(char::is_whitespace).unwrap_or(("", text));
    match before.trim_end().strip_suffix("within") {
        // The word alone, not the end of a text in the message.
        Some(message)
            if message.ends_with(char::is_whitespace)
                && last.starts_with(|first: char| first.is_ascii_digit()) =>
        {
            (message.trim_end(), Some(last))
        }
        _ => (text, None),
    }
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
    fn a_message_can_be_written_as_in_rust() {
        let ping = r#"{"Ping":{"from":"n1@127.0.0.1","count":4}}"#;
        check(r#"Ping{from: "n1@127.0.0.1", count: 4}"#, Sent::AsIs, ping);
        check(
            r#"Ping { from: "n1@127.0.0.1", count: 4, }"#,
            Sent::AsIs,
            ping,
        );
        check(
            r#"Set("a", Some(5), None)"#,
            Sent::AsIs,
            r#"{"Set":["a",5,null]}"#,
        );
        check("Add(5)", Sent::AsIs, r#"{"Add":5}"#);
        check("Move Left", Sent::AsIs, r#"{"Move":"Left"}"#);
        check(
            r#"Learn("a", Link{url: "u", at: null})"#,
            Sent::AsIs,
            r#"{"Learn":["a",{"Link":{"url":"u","at":null}}]}"#,
        );
    }

    #[test]
    fn a_call_as_in_rust_gets_a_place_for_its_reply_unless_that_is_written() {
        check("Total()", Sent::ForAnAnswer, r#"{"Total":null}"#);
        check(r#"Get("a")"#, Sent::ForAnAnswer, r#"{"Get":["a",null]}"#);
        check(r#"Get("a", _)"#, Sent::ForAnAnswer, r#"{"Get":["a",null]}"#);
        check(r#"Of(["a"])"#, Sent::ForAnAnswer, r#"{"Of":[["a"],null]}"#);
        check(
            r#"Submit{kind: WordCount}"#,
            Sent::ForAnAnswer,
            r#"{"Submit":[{"kind":"WordCount"},null]}"#,
        );
        check(
            r#"Get{key: "a", reply: _}"#,
            Sent::ForAnAnswer,
            r#"{"Get":{"key":"a","reply":null}}"#,
        );
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
        for typed in [
            "",
            "{\"Add\":",
            "Add five",
            "1 2",
            "{Add 5}",
            "Add(5",
            "Add)",
            "Add(Some(1, 2))",
        ] {
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

    #[test]
    fn the_time_of_a_call_stands_at_its_end() {
        assert_eq!(split_within("Counts within 2"), ("Counts", Some("2")));
        assert_eq!(
            split_within("Get \"a\"  within 0.5"),
            ("Get \"a\"", Some("0.5"))
        );
    }

    #[test]
    fn the_word_within_may_stand_in_a_message() {
        for message in [
            "Counts",
            "Say \"within 2\"",
            "Say \"stay within\" 2",
            "within 2",
        ] {
            assert_eq!(split_within(message), (message, None));
        }
    }
}
