//! What a node may ask of its store: commands on data. How the store runs is not its affair.

use bytes::{BufMut, Bytes, BytesMut};

use crate::embedded::{COMPARE_AND_DELETE, COMPARE_AND_SET};

/// The commands of Redis 7 on keys and their values, and those of a transaction. Not among them is what
/// takes the server itself (`SHUTDOWN`, `CONFIG`, `DEBUG`), all keys at once (`KEYS`, `FLUSHALL`), a
/// program (`FUNCTION`, `SCRIPT`), or another channel between nodes (`PUBLISH`).
const ON_DATA: &str = "\
    APPEND BITCOUNT BITFIELD BITFIELD_RO BITOP BITPOS BLMOVE BLMPOP BLPOP BRPOP BRPOPLPUSH BZMPOP BZPOPMAX \
    BZPOPMIN COPY DECR DECRBY DEL DISCARD EXEC EXISTS EXPIRE EXPIREAT EXPIRETIME GEOADD GEODIST GEOHASH GEOPOS \
    GEOSEARCH GEOSEARCHSTORE GET GETBIT GETDEL GETEX GETRANGE GETSET HDEL HEXISTS HGET HGETALL HINCRBY \
    HINCRBYFLOAT HKEYS HLEN HMGET HMSET HRANDFIELD HSCAN HSET HSETNX HSTRLEN HVALS INCR INCRBY INCRBYFLOAT LCS \
    LINDEX LINSERT LLEN LMOVE LMPOP LPOP LPOS LPUSH LPUSHX LRANGE LREM LSET LTRIM MGET MSET MSETNX MULTI \
    PERSIST PEXPIRE PEXPIREAT PEXPIRETIME PFADD PFCOUNT PFMERGE PSETEX PTTL RENAME RENAMENX RPOP RPOPLPUSH RPUSH \
    RPUSHX SADD SCAN SCARD SDIFF SDIFFSTORE SET SETBIT SETEX SETNX SETRANGE SINTER SINTERCARD SINTERSTORE \
    SISMEMBER SMEMBERS SMISMEMBER SMOVE SPOP SRANDMEMBER SREM SSCAN STRLEN SUBSTR SUNION SUNIONSTORE TOUCH TTL \
    TYPE UNLINK UNWATCH WATCH XACK XADD XAUTOCLAIM XCLAIM XDEL XGROUP XINFO XLEN XPENDING XRANGE XREAD \
    XREADGROUP XREVRANGE XTRIM ZADD ZCARD ZCOUNT ZDIFF ZDIFFSTORE ZINCRBY ZINTER ZINTERCARD ZINTERSTORE \
    ZLEXCOUNT ZMPOP ZMSCORE ZPOPMAX ZPOPMIN ZRANDMEMBER ZRANGE ZRANGEBYLEX ZRANGEBYSCORE ZRANGESTORE ZRANK ZREM \
    ZREMRANGEBYLEX ZREMRANGEBYRANK ZREMRANGEBYSCORE ZREVRANGE ZREVRANGEBYLEX ZREVRANGEBYSCORE ZREVRANK ZSCAN \
    ZSCORE ZUNION ZUNIONSTORE";

/// What is about the connection.
const ON_THE_CONNECTION: &str = "AUTH ECHO HELLO INFO PING QUIT RESET SELECT TIME";

/// What a client library says of itself.
const ON_THE_CLIENT: &str = "GETNAME ID SETINFO SETNAME";

/// The longest name of a command that is told in an error.
const MAX_NAME: usize = 40;

/// Whether a node may give this command.
pub(crate) fn is_permitted(arguments: &[Bytes]) -> bool {
    let Some((name, rest)) = arguments.split_first() else {
        return false;
    };
    let first = rest.first();
    let is = |word: &str| name.eq_ignore_ascii_case(word.as_bytes());
    if is("EVAL") {
        // Any other script could run for ever, and then the store would answer nobody.
        return first
            .is_some_and(|script| *script == COMPARE_AND_DELETE || *script == COMPARE_AND_SET);
    }
    if is("CLIENT") {
        return first.is_some_and(|first| is_among(first, ON_THE_CLIENT));
    }
    is_among(name, ON_DATA) || is_among(name, ON_THE_CONNECTION)
}

fn is_among(word: &Bytes, words: &str) -> bool {
    words
        .split_ascii_whitespace()
        .any(|known| word.eq_ignore_ascii_case(known.as_bytes()))
}

/// What the store is sent in the place of a command that is not permitted. No store knows it, so its
/// error comes where the answer would come, in a transaction as well.
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
    use super::*;

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
