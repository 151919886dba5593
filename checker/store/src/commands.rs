//! The commands that a node may give its store, and where in each of them the keys stand.
//!
//! One table serves both questions: whether a command may pass, and which keys the log records for it.
//! A command that may pass and whose keys the log did not see would be a hole in every claim about the
//! store.

use std::ops::Range;

use bytes::{BufMut, Bytes, BytesMut};

use crate::embedded::{COMPARE_AND_DELETE, COMPARE_AND_SET};

/// Where the keys stand among a command's arguments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// The command has no key.
    None,
    /// The first argument.
    First,
    /// The first two arguments.
    FirstTwo,
    /// The second argument, behind a subcommand.
    Second,
    /// All arguments.
    All,
    /// All arguments but the first.
    AllButFirst,
    /// All arguments but the last.
    AllButLast,
    /// Each argument with an even index; its value follows it.
    Pairs,
    /// Behind the argument with this index, which says how many keys there are.
    Counted(usize),
    /// The first argument, and behind the second one, which says how many more there are.
    FirstAndCounted,
    /// The first half of what follows the word `STREAMS`.
    Streams,
    /// The pattern that follows the word `MATCH`.
    Pattern,
}

/// The commands of Redis 7 on keys and their values, and those of a transaction. Missing are the commands
/// on the server itself (`SHUTDOWN`, `CONFIG`, `DEBUG`), on all keys at once (`KEYS`, `FLUSHALL`), on
/// programs (`FUNCTION`, `SCRIPT`), and on another channel between nodes (`PUBLISH`). `EVAL` is permitted
/// with the scripts of the course only.
const ON_DATA: &[(Place, &str)] = &[
    (
        Place::First,
        "GET SET APPEND BITCOUNT BITFIELD BITFIELD_RO BITPOS DECR DECRBY EXPIRE EXPIREAT EXPIRETIME GEOADD \
         GEODIST GEOHASH GEOPOS GEOSEARCH GETBIT GETDEL GETEX GETRANGE GETSET HDEL HEXISTS HGET HGETALL HINCRBY \
         HINCRBYFLOAT HKEYS HLEN HMGET HMSET HRANDFIELD HSCAN HSET HSETNX HSTRLEN HVALS INCR INCRBY INCRBYFLOAT \
         LINDEX LINSERT LLEN LPOP LPOS LPUSH LPUSHX LRANGE LREM LSET LTRIM PERSIST PEXPIRE PEXPIREAT PEXPIRETIME \
         PFADD PSETEX PTTL RPOP RPUSH RPUSHX SADD SCARD SETBIT SETEX SETNX SETRANGE SISMEMBER SMEMBERS SMISMEMBER \
         SPOP SRANDMEMBER SREM SSCAN STRLEN SUBSTR TTL TYPE XACK XADD XAUTOCLAIM XCLAIM XDEL XLEN XPENDING XRANGE \
         XREVRANGE XTRIM ZADD ZCARD ZCOUNT ZINCRBY ZLEXCOUNT ZMSCORE ZPOPMAX ZPOPMIN ZRANDMEMBER ZRANGE \
         ZRANGEBYLEX ZRANGEBYSCORE ZRANK ZREM ZREMRANGEBYLEX ZREMRANGEBYRANK ZREMRANGEBYSCORE ZREVRANGE \
         ZREVRANGEBYLEX ZREVRANGEBYSCORE ZREVRANK ZSCAN ZSCORE",
    ),
    (
        Place::All,
        "MGET DEL EXISTS PFCOUNT PFMERGE SDIFF SDIFFSTORE SINTER SINTERSTORE SUNION SUNIONSTORE TOUCH UNLINK WATCH",
    ),
    (Place::Pairs, "MSET MSETNX"),
    (Place::Pattern, "SCAN"),
    (Place::Counted(1), "EVAL BLMPOP BZMPOP"),
    (
        Place::Counted(0),
        "LMPOP SINTERCARD ZDIFF ZINTER ZINTERCARD ZMPOP ZUNION",
    ),
    (Place::FirstAndCounted, "ZDIFFSTORE ZINTERSTORE ZUNIONSTORE"),
    (
        Place::FirstTwo,
        "BLMOVE BRPOPLPUSH COPY GEOSEARCHSTORE LCS LMOVE RENAME RENAMENX RPOPLPUSH SMOVE ZRANGESTORE",
    ),
    (Place::AllButLast, "BLPOP BRPOP BZPOPMAX BZPOPMIN"),
    (Place::AllButFirst, "BITOP"),
    (Place::Second, "XGROUP XINFO"),
    (Place::Streams, "XREAD XREADGROUP"),
    (Place::None, "DISCARD EXEC MULTI UNWATCH"),
];

/// Commands on the connection.
const ON_THE_CONNECTION: &str = "PING HELLO AUTH CLIENT ECHO INFO QUIT RESET SELECT TIME";

/// What a client library may say of itself, behind `CLIENT`.
const ON_THE_CLIENT: &str = "GETNAME ID SETINFO SETNAME";

/// An error quotes at most so many characters of a command's name.
const MAX_NAME: usize = 40;

/// Whether a node may give this command.
pub(crate) fn is_permitted(arguments: &[Bytes]) -> bool {
    let Some((name, rest)) = arguments.split_first() else {
        return false;
    };
    let first = rest.first();
    let is = |word: &str| name.eq_ignore_ascii_case(word.as_bytes());
    if is("EVAL") {
        // Any other script could run forever, and then the store would answer nobody.
        return first
            .is_some_and(|script| *script == COMPARE_AND_DELETE || *script == COMPARE_AND_SET);
    }
    if is("CLIENT") {
        return first.is_some_and(|first| is_among(first, ON_THE_CLIENT));
    }
    place_of(name).is_some() || is_on_the_connection(name)
}

/// Whether a command is about the connection, and not about the data.
pub(crate) fn is_on_the_connection(name: &[u8]) -> bool {
    is_among(name, ON_THE_CONNECTION)
}

/// The keys among a command's arguments. Each range begins with a key; a value that belongs to the key
/// alone follows in the same range. The key of an unknown command is its first argument.
pub(crate) fn keys(name: &[u8], arguments: &[Bytes]) -> Vec<Range<usize>> {
    let all = arguments.len();
    let one = |index: usize| index..index + 1;
    let each = |keys: Range<usize>| (keys.start..keys.end.min(all)).map(one).collect();
    let counted = |at: usize| {
        let count = arguments
            .get(at)
            .and_then(|count| std::str::from_utf8(count).ok()?.parse().ok());
        at + 1..count.map_or(0, |count: usize| count.saturating_add(at + 1))
    };
    let behind = |word: &str| {
        let is_it = |argument: &Bytes| argument.eq_ignore_ascii_case(word.as_bytes());
        arguments
            .iter()
            .position(is_it)
            .map_or(all, |place| place + 1)
    };
    match place_of(name).unwrap_or(Place::First) {
        Place::None => Vec::new(),
        Place::First => each(0..1),
        Place::FirstTwo => each(0..2),
        Place::Second => each(1..2),
        Place::All => each(0..all),
        Place::AllButFirst => each(1..all),
        Place::AllButLast => each(0..all.saturating_sub(1)),
        Place::Pairs => (0..all)
            .step_by(2)
            .map(|key| key..all.min(key + 2))
            .collect(),
        Place::Counted(at) => each(counted(at)),
        Place::FirstAndCounted => [each(0..1), each(counted(1))].concat(),
        Place::Streams => {
            let streams = behind("STREAMS");
            each(streams..streams + (all - streams) / 2)
        }
        Place::Pattern => {
            let pattern = behind("MATCH");
            each(pattern..pattern + 1)
        }
    }
}

fn place_of(name: &[u8]) -> Option<Place> {
    let mut rows = ON_DATA.iter();
    rows.find(|(_, names)| is_among(name, names))
        .map(|(place, _)| *place)
}

fn is_among(word: &[u8], words: &str) -> bool {
    words
        .split_ascii_whitespace()
        .any(|known| word.eq_ignore_ascii_case(known.as_bytes()))
}

/// What the store is sent in the place of a command that is not permitted. No store knows this command, so
/// the store's error comes where the answer would come, in a transaction as well.
pub(crate) fn in_its_place(name: &Bytes) -> Bytes {
    let name: String = String::from_utf8_lossy(name)
        .chars()
        .filter(|letter| letter.is_ascii_graphic())
        .take(MAX_NAME)
        .collect();
    let name = format!("{name} (NOPERM: a node may not run it)");
    let mut raw = BytesMut::new();
    raw.put_slice(format!("*1\r\n${}\r\n{name}\r\n", name.len()).as_bytes());
    raw.freeze()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// A line for each command on data, as the manual of Redis 7 writes it. `k1` and the like are its keys.
    const LINES: &str = "
        APPEND k1 v / BITCOUNT k1 / BITFIELD k1 GET u4 0 / BITFIELD_RO k1 GET u4 0 / BITOP AND k1 k2 k3
        BITPOS k1 1 / BLMOVE k1 k2 LEFT RIGHT 0 / BLMPOP 0 2 k1 k2 LEFT / BLPOP k1 k2 0 / BRPOP k1 k2 0
        BRPOPLPUSH k1 k2 0 / BZMPOP 0 2 k1 k2 MIN / BZPOPMAX k1 k2 0 / BZPOPMIN k1 k2 0 / COPY k1 k2 REPLACE
        DECR k1 / DECRBY k1 2 / DEL k1 k2 / DISCARD / EVAL script 2 k1 k2 v / EXEC / EXISTS k1 k2
        EXPIRE k1 9 / EXPIREAT k1 9 / EXPIRETIME k1 / GEOADD k1 1 2 m / GEODIST k1 m n / GEOHASH k1 m
        GEOPOS k1 m / GEOSEARCH k1 FROMMEMBER m BYRADIUS 1 m / GEOSEARCHSTORE k1 k2 FROMMEMBER m BYRADIUS 1 m
        GET k1 / GETBIT k1 7 / GETDEL k1 / GETEX k1 EX 9 / GETRANGE k1 0 1 / GETSET k1 v / HDEL k1 f g
        HEXISTS k1 f / HGET k1 f / HGETALL k1 / HINCRBY k1 f 1 / HINCRBYFLOAT k1 f 1 / HKEYS k1 / HLEN k1
        HMGET k1 f g / HMSET k1 f v / HRANDFIELD k1 / HSCAN k1 0 / HSET k1 f v / HSETNX k1 f v / HSTRLEN k1 f
        HVALS k1 / INCR k1 / INCRBY k1 1 / INCRBYFLOAT k1 1 / LCS k1 k2 LEN / LINDEX k1 0
        LINSERT k1 BEFORE p v / LLEN k1 / LMOVE k1 k2 LEFT RIGHT / LMPOP 2 k1 k2 LEFT / LPOP k1 / LPOS k1 v
        LPUSH k1 v w / LPUSHX k1 v / LRANGE k1 0 1 / LREM k1 1 v / LSET k1 0 v / LTRIM k1 0 1 / MGET k1 k2
        MSET k1 v k2 w / MSETNX k1 v k2 w / MULTI / PERSIST k1 / PEXPIRE k1 9 / PEXPIREAT k1 9 / PEXPIRETIME k1
        PFADD k1 v / PFCOUNT k1 k2 / PFMERGE k1 k2 k3 / PSETEX k1 9 v / PTTL k1 / RENAME k1 k2 / RENAMENX k1 k2
        RPOP k1 / RPOPLPUSH k1 k2 / RPUSH k1 v / RPUSHX k1 v / SADD k1 m / SCAN 0 MATCH k1 COUNT 9 / SCARD k1
        SDIFF k1 k2 / SDIFFSTORE k1 k2 k3 / SET k1 v NX / SETBIT k1 7 1 / SETEX k1 9 v / SETNX k1 v
        SETRANGE k1 0 v / SINTER k1 k2 / SINTERCARD 2 k1 k2 LIMIT 1 / SINTERSTORE k1 k2 k3 / SISMEMBER k1 m
        SMEMBERS k1 / SMISMEMBER k1 m n / SMOVE k1 k2 m / SPOP k1 / SRANDMEMBER k1 / SREM k1 m / SSCAN k1 0
        STRLEN k1 / SUBSTR k1 0 1 / SUNION k1 k2 / SUNIONSTORE k1 k2 k3 / TOUCH k1 k2 / TTL k1 / TYPE k1
        UNLINK k1 k2 / UNWATCH / WATCH k1 k2 / XACK k1 g 1-0 / XADD k1 * f v / XAUTOCLAIM k1 g c 0 0
        XCLAIM k1 g c 0 1-0 / XDEL k1 1-0 / XGROUP CREATE k1 g 0 / XINFO STREAM k1 / XLEN k1 / XPENDING k1 g
        XRANGE k1 - + / XREAD COUNT 1 STREAMS k1 k2 0 0 / XREADGROUP GROUP g c STREAMS k1 k2 0 0
        XREVRANGE k1 + - / XTRIM k1 MAXLEN 9 / ZADD k1 1 m / ZCARD k1 / ZCOUNT k1 0 1 / ZDIFF 2 k1 k2
        ZDIFFSTORE k1 2 k2 k3 / ZINCRBY k1 1 m / ZINTER 2 k1 k2 / ZINTERCARD 2 k1 k2 / ZINTERSTORE k1 2 k2 k3
        ZLEXCOUNT k1 - + / ZMPOP 2 k1 k2 MIN / ZMSCORE k1 m / ZPOPMAX k1 / ZPOPMIN k1 / ZRANDMEMBER k1
        ZRANGE k1 0 1 / ZRANGEBYLEX k1 - + / ZRANGEBYSCORE k1 0 1 / ZRANGESTORE k1 k2 0 1 / ZRANK k1 m
        ZREM k1 m / ZREMRANGEBYLEX k1 - + / ZREMRANGEBYRANK k1 0 1 / ZREMRANGEBYSCORE k1 0 1 / ZREVRANGE k1 0 1
        ZREVRANGEBYLEX k1 + - / ZREVRANGEBYSCORE k1 1 0 / ZREVRANK k1 m / ZSCAN k1 0 / ZSCORE k1 m
        ZUNION 2 k1 k2 / ZUNIONSTORE k1 2 k2 k3";

    fn words(line: &str) -> Vec<Bytes> {
        let words = line.split_ascii_whitespace();
        words
            .map(|word| Bytes::copy_from_slice(word.as_bytes()))
            .collect()
    }

    #[test]
    fn keys_of_every_permitted_command_are_found() {
        let mut unseen: BTreeSet<&str> = ON_DATA
            .iter()
            .flat_map(|(_, names)| names.split_ascii_whitespace())
            .collect();
        for line in LINES
            .split(['/', '\n'])
            .filter(|line| !line.trim().is_empty())
        {
            let words = words(line);
            let (name, arguments) = words.split_first().unwrap();
            let found = keys(name, arguments);
            let found: Vec<&Bytes> = found.iter().map(|key| &arguments[key.start]).collect();
            let is_key = |word: &&Bytes| matches!(word[..], [b'k', b'1'..=b'9']);
            let expected: Vec<&Bytes> = arguments.iter().filter(is_key).collect();
            assert_eq!(found, expected, "{line}");
            unseen.remove(std::str::from_utf8(name).unwrap());
        }
        assert!(unseen.is_empty(), "no line for {unseen:?}");
    }

    #[test]
    fn key_ends_where_the_arguments_end() {
        for line in [
            "GET",
            "MGET",
            "RENAME k1",
            "EVAL s",
            "EVAL s 9 k1",
            "EVAL s -1 k1",
            "BLPOP",
            "SCAN 0 MATCH",
            "XINFO",
            "XREAD STREAMS",
            "MSET k1",
            "ZUNIONSTORE",
            "LMPOP 18446744073709551615 k1",
        ] {
            let words = words(line);
            for key in keys(&words[0], &words[1..]) {
                assert!(key.end < words.len(), "{line}");
            }
        }
    }

    #[track_caller]
    fn check(command: &[&str], permitted: bool) {
        let arguments: Vec<Bytes> = command
            .iter()
            .map(|word| Bytes::copy_from_slice(word.as_bytes()))
            .collect();
        assert_eq!(is_permitted(&arguments), permitted, "{command:?}");
    }

    #[test]
    fn data_is_permitted_and_the_server_is_not() {
        for command in [
            "GET k",
            "incr k",
            "Hset k f v",
            "EXPIRE k 1",
            "ZADD k 1 m",
            "MULTI",
            "EXEC",
        ] {
            check(&command.split(' ').collect::<Vec<_>>(), true);
        }
        for command in [
            "PING",
            "HELLO 3",
            "AUTH x",
            "SELECT 0",
            "INFO server",
            "CLIENT SETINFO lib-name x",
        ] {
            check(&command.split(' ').collect::<Vec<_>>(), true);
        }
        for command in [
            "SHUTDOWN NOSAVE",
            "config SET maxclients 1",
            "DEBUG SLEEP 9",
            "FLUSHALL",
            "FLUSHDB",
            "KEYS *",
            "SCRIPT KILL",
            "EVALSHA x 0",
            "FUNCTION LOAD x",
            "CLIENT KILL ID 1",
            "CLIENT",
            "PUBLISH a b",
            "MONITOR",
            "SAVE",
            "REPLICAOF a 1",
            "SWAPDB 0 1",
            "MOVE k 1",
            "ACL LIST",
            "MIGRATE h 1 k 0 1",
        ] {
            check(&command.split(' ').collect::<Vec<_>>(), false);
        }
    }

    #[test]
    fn only_the_scripts_of_the_course_are_permitted() {
        check(&["EVAL", COMPARE_AND_DELETE, "1", "k", "v"], true);
        check(&["eval", COMPARE_AND_SET, "1", "k", "v", "w"], true);
        check(&["EVAL", "while true do end", "0"], false);
        check(&["EVAL"], false);
    }
}
