//! The commands on keys and values.

use bytes::Bytes;

use super::call::{Call, SYNTAX_ERROR, is, number};
use super::database::DATABASES;
use super::glob;
use super::reply::Reply;

/// A script that the embedded store runs: delete a key, but only if its value is still the one
/// that was read.
///
/// Between reading and deleting another client may have written; what it wrote stays. Looking and
/// deleting must be one step for that, which is what a script is.
pub const COMPARE_AND_DELETE: &str = r#"if redis.call("get",KEYS[1]) == ARGV[1] then return redis.call("del",KEYS[1]) else return 0 end"#;

/// The other script that the embedded store runs: replace a value, but only if it is still the one
/// that was read.
pub const COMPARE_AND_SET: &str = r#"if redis.call("get",KEYS[1]) == ARGV[1] then redis.call("set",KEYS[1],ARGV[2]) return 1 else return 0 end"#;

/// A longer pattern is refused, because of the time that matching could take.
const PATTERN_LIMIT: usize = 4096;

/// The most entries that one step of a scan looks at.
const SCAN_LIMIT: usize = 10_000;

type Answer = Result<Reply, String>;

impl Call<'_> {
    fn value(&self, key: &Bytes) -> Option<&Bytes> {
        self.database.get(*self.space, key)
    }

    fn reply(&self, key: &Bytes) -> Reply {
        self.value(key).cloned().map_or(Reply::Null, Reply::Bulk)
    }

    fn put(&mut self, key: &Bytes, value: &Bytes) -> Result<(), String> {
        self.database.put(*self.space, key, value)
    }

    fn remove(&mut self, key: &Bytes) -> bool {
        self.database.remove(*self.space, key)
    }
}

pub(super) fn get(call: &mut Call<'_>) -> Answer {
    Ok(call.reply(&call.arguments[0]))
}

pub(super) fn mget(call: &mut Call<'_>) -> Answer {
    let keys = call.arguments.iter();
    Ok(Reply::Array(keys.map(|key| call.reply(key)).collect()))
}

pub(super) fn set(call: &mut Call<'_>) -> Answer {
    let [key, value, options @ ..] = call.arguments else {
        unreachable!("the table of commands demands two arguments")
    };
    if let Some(other) = options.iter().find(|option| !is(option, "nx")) {
        let other = String::from_utf8_lossy(other);
        return Err(format!(
            "ERR the embedded store knows no option of SET but NX: '{other}'"
        ));
    }
    if !options.is_empty() && call.value(key).is_some() {
        return Ok(Reply::Null);
    }
    call.put(key, value)?;
    Ok(Reply::OK)
}

pub(super) fn del(call: &mut Call<'_>) -> Answer {
    let removed = call.arguments.iter().filter(|key| call.remove(key)).count();
    Ok(Reply::Integer(removed as i64))
}

pub(super) fn scan(call: &mut Call<'_>) -> Answer {
    let [cursor, rest @ ..] = call.arguments else {
        unreachable!("the table of commands demands a cursor")
    };
    let cursor = std::str::from_utf8(cursor)
        .ok()
        .and_then(|text| text.parse().ok());
    let cursor: u64 = cursor.ok_or("ERR invalid cursor")?;
    let (mut pattern, mut count) = (None, 10);
    for option in rest.chunks(2) {
        match option {
            [word, value] if is(word, "match") => pattern = Some(value),
            [word, value] if is(word, "count") => {
                count = number(value)?;
                if count < 1 {
                    return Err(SYNTAX_ERROR.to_owned());
                }
            }
            _ => return Err(SYNTAX_ERROR.to_owned()),
        }
    }
    if pattern.is_some_and(|pattern| pattern.len() > PATTERN_LIMIT) {
        return Err("ERR the pattern is too long for the embedded store".to_owned());
    }
    // A hint only: a step of a scan need not do as much as it is asked for.
    let count = usize::try_from(count).unwrap_or(usize::MAX).min(SCAN_LIMIT);
    let (next, mut keys) = call.database.scan(*call.space, cursor, count);
    keys.retain(|key| pattern.is_none_or(|pattern| glob::matches(pattern, key)));
    let keys = keys.into_iter().map(Reply::Bulk).collect();
    Ok(Reply::Array(vec![
        Reply::bulk(next.to_string()),
        Reply::Array(keys),
    ]))
}

pub(super) fn flushall(call: &mut Call<'_>) -> Answer {
    for space in 0..DATABASES {
        call.database.clear(space);
    }
    Ok(Reply::OK)
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
    if script != COMPARE_AND_DELETE && script != COMPARE_AND_SET {
        return Err(format!(
            "ERR the embedded store runs two scripts only: {COMPARE_AND_DELETE}, and: {COMPARE_AND_SET}"
        ));
    }
    let (keys, values) = rest.split_at(count);
    let Some(key) = keys.first() else {
        return Err("ERR this script needs a key in KEYS[1]".to_owned());
    };
    let is_equal = call
        .value(key)
        .is_some_and(|value| Some(value) == values.first());
    if is_equal && script == COMPARE_AND_SET {
        let Some(value) = values.get(1) else {
            return Err("ERR this script needs a value in ARGV[2]".to_owned());
        };
        call.put(key, value)?;
    } else if is_equal {
        call.remove(key);
    }
    Ok(Reply::Integer(i64::from(is_equal)))
}
