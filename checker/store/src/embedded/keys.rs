//! The commands on keys and values.

use std::time::Duration;

use bytes::Bytes;
use tokio::time::Instant;

use super::commands::{Call, SYNTAX_ERROR, is, number};
use super::database::{DATABASES, Entry};
use super::glob;
use super::reply::Reply;

/// A script that the embedded store runs: release a lock, but only if it is still ours.
///
/// A lock in Redis is a key with a value that only its holder knows. Deleting the key is right
/// only while that value stands in it: after a pause the lock may have expired and belong to
/// another. Looking and deleting must then be one step, which is what a script is. This is the
/// script that Redis's own documentation gives. Spaces and the kind of quotes do not matter when
/// it is recognised.
pub const COMPARE_AND_DELETE: &str = r#"if redis.call("get",KEYS[1]) == ARGV[1] then
    return redis.call("del",KEYS[1])
else
    return 0
end"#;

/// The other script that the embedded store runs: replace a value, but only if it is still the one
/// that was read. Between reading and writing another client may have written; what it wrote stays.
pub const COMPARE_AND_SET: &str = r#"if redis.call("get",KEYS[1]) == ARGV[1] then
    redis.call("set",KEYS[1],ARGV[2])
    return 1
else
    return 0
end"#;

/// A longer pattern is refused, because of the time that matching could take.
const PATTERN_LIMIT: usize = 4096;

/// The most entries that one step of a scan looks at.
const SCAN_LIMIT: usize = 10_000;

type Answer = Result<Reply, String>;

impl Call<'_> {
    fn entry(&mut self, key: &Bytes) -> Option<&Entry> {
        self.database.get(self.session.space, key, self.now)
    }

    fn value(&mut self, key: &Bytes) -> Reply {
        self.entry(key)
            .map_or(Reply::Null, |entry| Reply::Bulk(entry.value.clone()))
    }

    fn put(&mut self, key: &Bytes, value: &Bytes, expires: Option<Instant>) -> Result<(), String> {
        let entry = Entry {
            value: value.clone(),
            expires,
        };
        self.database.put(self.session.space, key, entry, self.now)
    }

    fn remove(&mut self, key: &Bytes) -> bool {
        self.database.remove(self.session.space, key, self.now)
    }
}

pub(super) fn get(call: &mut Call<'_>) -> Answer {
    let [key] = call.arguments else {
        unreachable!("the table of commands demands one argument")
    };
    Ok(call.value(key))
}

pub(super) fn mget(call: &mut Call<'_>) -> Answer {
    Ok(Reply::Array(
        call.arguments.iter().map(|key| call.value(key)).collect(),
    ))
}

pub(super) fn set(call: &mut Call<'_>) -> Answer {
    let (key, value) = (&call.arguments[0], &call.arguments[1]);
    let options = SetOptions::read(&call.arguments[2..])?;
    let expires = match options.time {
        None => None,
        Some((amount, unit)) => Some(deadline(call.now, amount, unit, "set")?),
    };
    let old = call.entry(key).cloned();
    let done = if options.get {
        old.as_ref()
            .map_or(Reply::Null, |old| Reply::Bulk(old.value.clone()))
    } else {
        Reply::OK
    };
    let refused = options
        .only_if
        .is_some_and(|wanted| wanted != old.is_some());
    if refused {
        return Ok(if options.get { done } else { Reply::Null });
    }
    let kept = old.and_then(|old| old.expires).filter(|_| options.keep);
    call.put(key, value, expires.or(kept))?;
    Ok(done)
}

#[derive(Default)]
struct SetOptions {
    /// Whether the key must exist (`XX`) or must not (`NX`).
    only_if: Option<bool>,
    get: bool,
    keep: bool,
    time: Option<(i64, Unit)>,
}

impl SetOptions {
    fn read(mut rest: &[Bytes]) -> Result<SetOptions, String> {
        let mut options = SetOptions::default();
        let mut time = None;
        while let [option, tail @ ..] = rest {
            rest = tail;
            if is(option, "nx") && options.only_if != Some(true) {
                options.only_if = Some(false);
            } else if is(option, "xx") && options.only_if != Some(false) {
                options.only_if = Some(true);
            } else if is(option, "get") {
                options.get = true;
            } else if is(option, "keepttl") && time.is_none() {
                options.keep = true;
            } else if (is(option, "ex") || is(option, "px")) && !options.keep && !rest.is_empty() {
                let unit = if is(option, "ex") {
                    Unit::Seconds
                } else {
                    Unit::Milliseconds
                };
                if time.is_some_and(|(_, other)| other != unit) {
                    return Err(SYNTAX_ERROR.to_owned());
                }
                time = Some((&rest[0], unit));
                rest = &rest[1..];
            } else if is(option, "exat") || is(option, "pxat") {
                return Err("ERR the embedded store knows no date: use EX or PX".to_owned());
            } else {
                return Err(SYNTAX_ERROR.to_owned());
            }
        }
        if let Some((amount, unit)) = time {
            let amount = number(amount)?;
            if amount <= 0 {
                return Err(invalid_expire("set"));
            }
            options.time = Some((amount, unit));
        }
        Ok(options)
    }
}

pub(super) fn setnx(call: &mut Call<'_>) -> Answer {
    let (key, value) = (&call.arguments[0], &call.arguments[1]);
    if call.entry(key).is_some() {
        return Ok(Reply::Integer(0));
    }
    call.put(key, value, None)?;
    Ok(Reply::Integer(1))
}

pub(super) fn del(call: &mut Call<'_>) -> Answer {
    let removed = call.arguments.iter().filter(|key| call.remove(key)).count();
    Ok(Reply::Integer(removed as i64))
}

pub(super) fn exists(call: &mut Call<'_>) -> Answer {
    let found = call
        .arguments
        .iter()
        .filter(|key| call.entry(key).is_some())
        .count();
    Ok(Reply::Integer(found as i64))
}

#[derive(Clone, Copy, PartialEq)]
enum Unit {
    Seconds,
    Milliseconds,
}

fn invalid_expire(command: &str) -> String {
    format!("ERR invalid expire time in '{command}' command")
}

fn milliseconds(amount: i64, unit: Unit, command: &str) -> Result<i64, String> {
    let factor = if unit == Unit::Seconds { 1000 } else { 1 };
    amount
        .checked_mul(factor)
        // Redis adds the time of day, a number of this size, and refuses what overflows.
        .filter(|amount| amount.checked_add(2_000_000_000_000).is_some())
        .ok_or_else(|| invalid_expire(command))
}

fn deadline(now: Instant, amount: i64, unit: Unit, command: &str) -> Result<Instant, String> {
    let amount = milliseconds(amount, unit, command)?;
    now.checked_add(Duration::from_millis(u64::try_from(amount).unwrap_or(0)))
        .ok_or_else(|| invalid_expire(command))
}

pub(super) fn expire(call: &mut Call<'_>) -> Answer {
    expire_in(call, Unit::Seconds, "expire")
}

pub(super) fn pexpire(call: &mut Call<'_>) -> Answer {
    expire_in(call, Unit::Milliseconds, "pexpire")
}

fn expire_in(call: &mut Call<'_>, unit: Unit, command: &str) -> Answer {
    let [key, amount, options @ ..] = call.arguments else {
        unreachable!("the table of commands demands two arguments")
    };
    let has = |word: &str| options.iter().any(|option| is(option, word));
    let known = ["nx", "xx", "gt", "lt"];
    if let Some(other) = options
        .iter()
        .find(|option| !known.iter().any(|word| is(option, word)))
    {
        return Err(format!(
            "ERR Unsupported option {}",
            String::from_utf8_lossy(other)
        ));
    }
    if has("nx") && (has("xx") || has("gt") || has("lt")) {
        let text = "ERR NX and XX, GT or LT options at the same time are not compatible";
        return Err(text.to_owned());
    }
    if has("gt") && has("lt") {
        return Err("ERR GT and LT options at the same time are not compatible".to_owned());
    }
    let amount = number(amount)?;
    let expires = deadline(call.now, amount, unit, command)?;
    let Some(entry) = call.entry(key) else {
        return Ok(Reply::Integer(0));
    };
    // No expiry counts as one that never comes.
    let old = entry.expires;
    let refused = (has("nx") && old.is_some())
        || (has("xx") && old.is_none())
        || (has("gt") && old.is_none_or(|old| expires <= old))
        || (has("lt") && old.is_some_and(|old| expires >= old));
    if refused {
        return Ok(Reply::Integer(0));
    }
    if amount <= 0 {
        call.remove(key);
    } else {
        call.database.set_expiry(call.session.space, key, expires);
    }
    Ok(Reply::Integer(1))
}

pub(super) fn ttl(call: &mut Call<'_>) -> Answer {
    Ok(Reply::Integer(match time_left(call) {
        left @ (-2 | -1) => left,
        left => (left + 500) / 1000,
    }))
}

pub(super) fn pttl(call: &mut Call<'_>) -> Answer {
    Ok(Reply::Integer(time_left(call)))
}

/// In milliseconds; −1 if the key does not expire, −2 if there is none.
fn time_left(call: &mut Call<'_>) -> i64 {
    let now = call.now;
    match call.entry(&call.arguments[0]).map(|entry| entry.expires) {
        None => -2,
        Some(None) => -1,
        Some(Some(expires)) => {
            i64::try_from(expires.saturating_duration_since(now).as_millis()).unwrap_or(i64::MAX)
        }
    }
}

pub(super) fn scan(call: &mut Call<'_>) -> Answer {
    let [cursor, rest @ ..] = call.arguments else {
        unreachable!("the table of commands demands a cursor")
    };
    let cursor = std::str::from_utf8(cursor)
        .ok()
        .and_then(|text| text.parse().ok());
    let cursor: u64 = cursor.ok_or("ERR invalid cursor")?;
    let (mut pattern, mut count, mut any_type) = (None, 10, true);
    for option in rest.chunks(2) {
        match option {
            [word, value] if is(word, "match") => pattern = Some(value),
            [word, value] if is(word, "count") => {
                count = number(value)?;
                if count < 1 {
                    return Err(SYNTAX_ERROR.to_owned());
                }
            }
            // There are only strings here.
            [word, value] if is(word, "type") => any_type = is(value, "string"),
            _ => return Err(SYNTAX_ERROR.to_owned()),
        }
    }
    if pattern.is_some_and(|pattern| pattern.len() > PATTERN_LIMIT) {
        return Err("ERR the pattern is too long for the embedded store".to_owned());
    }
    // A hint only: a step of a scan need not do as much as it is asked for.
    let count = usize::try_from(count).unwrap_or(usize::MAX).min(SCAN_LIMIT);
    let (next, mut keys) = call
        .database
        .scan(call.session.space, cursor, count, call.now);
    keys.retain(|key| any_type && pattern.is_none_or(|pattern| glob::matches(pattern, key)));
    let keys = keys.into_iter().map(Reply::Bulk).collect();
    Ok(Reply::Array(vec![
        Reply::bulk(next.to_string()),
        Reply::Array(keys),
    ]))
}

pub(super) fn dbsize(call: &mut Call<'_>) -> Answer {
    Ok(Reply::Integer(
        call.database.len(call.session.space, call.now) as i64,
    ))
}

pub(super) fn flushdb(call: &mut Call<'_>) -> Answer {
    check_flush(call)?;
    call.database.clear(call.session.space);
    Ok(Reply::OK)
}

pub(super) fn flushall(call: &mut Call<'_>) -> Answer {
    check_flush(call)?;
    for space in 0..DATABASES {
        call.database.clear(space);
    }
    Ok(Reply::OK)
}

fn check_flush(call: &Call<'_>) -> Result<(), String> {
    match call.arguments {
        [] => Ok(()),
        [how] if is(how, "async") || is(how, "sync") => Ok(()),
        _ => Err(SYNTAX_ERROR.to_owned()),
    }
}

pub(super) fn eval(call: &mut Call<'_>) -> Answer {
    let [script, count, rest @ ..] = call.arguments else {
        unreachable!("the table of commands demands two arguments")
    };
    let count = number(count)?;
    let count = usize::try_from(count).map_err(|_| "ERR Number of keys can't be negative")?;
    if count > rest.len() {
        return Err("ERR Number of keys can't be greater than number of args".to_owned());
    }
    let script = bare(script);
    let (deletes, sets) = (bare(COMPARE_AND_DELETE), bare(COMPARE_AND_SET));
    if script != deletes && script != sets {
        let [delete, set] = [COMPARE_AND_DELETE, COMPARE_AND_SET]
            .map(|script| script.split_whitespace().collect::<Vec<_>>().join(" "));
        return Err(format!(
            "ERR the embedded store runs two scripts only: {delete}, and: {set}"
        ));
    }
    let (keys, values) = rest.split_at(count);
    let Some(key) = keys.first() else {
        return Err("ERR this script needs a key in KEYS[1]".to_owned());
    };
    let is_equal = call
        .entry(key)
        .is_some_and(|entry| Some(&entry.value) == values.first());
    if is_equal && script == sets {
        let Some(value) = values.get(1) else {
            return Err("ERR this script needs a value in ARGV[2]".to_owned());
        };
        call.put(key, value, None)?;
    } else if is_equal {
        call.remove(key);
    }
    Ok(Reply::Integer(i64::from(is_equal)))
}

/// Clients that name a script by its hash send the script itself after this answer.
pub(super) fn evalsha(_: &mut Call<'_>) -> Answer {
    Err("NOSCRIPT No matching script. Please use EVAL.".to_owned())
}

/// A script without what does not change it: one kind of quotes, and space only between words.
fn bare(script: impl AsRef<[u8]>) -> Vec<u8> {
    let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    let mut bare: Vec<u8> = Vec::new();
    for piece in script
        .as_ref()
        .split(u8::is_ascii_whitespace)
        .filter(|piece| !piece.is_empty())
    {
        if bare.last().is_some_and(is_word) && piece.first().is_some_and(is_word) {
            bare.push(b' ');
        }
        bare.extend(
            piece
                .iter()
                .map(|byte| if *byte == b'\'' { b'"' } else { *byte }),
        );
    }
    bare
}
