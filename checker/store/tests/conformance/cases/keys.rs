//! On keys and values.

use super::Answer::{Both, Each};
use super::{Case, NIL, NO_INTEGER, OK, ONE, SYNTAX, ZERO, case};

pub(super) const CASES: &[Case] = &[
    case(
        "get and set",
        &[
            (&["GET", "k"], NIL),
            (&["SET", "k", "v"], OK),
            (&["GET", "k"], Both("$1\r\nv\r\n")),
            (&["set", "k", ""], OK),
            (&["gEt", "k"], Both("$0\r\n\r\n")),
            (&["SET", "", "empty key"], OK),
            (&["GET", ""], Both("$9\r\nempty key\r\n")),
            (&["SET", "k", "a\r\nb\0c"], OK),
            (&["GET", "k"], Both("$6\r\na\r\nb\0c\r\n")),
        ],
    ),
    case(
        "set if absent or present",
        &[
            (&["SET", "k", "a", "XX"], NIL),
            (&["EXISTS", "k"], ZERO),
            (&["SET", "k", "a", "NX"], OK),
            (&["SET", "k", "b", "nx"], NIL),
            (&["GET", "k"], Both("$1\r\na\r\n")),
            (&["SET", "k", "b", "XX"], OK),
            (&["SET", "k", "c", "NX", "XX"], SYNTAX),
            (&["SET", "k", "c", "XX", "NX"], SYNTAX),
            (&["SET", "k", "c", "NX", "NX"], NIL),
            (&["GET", "k"], Both("$1\r\nb\r\n")),
        ],
    ),
    case(
        "set and get the old value",
        &[
            (&["SET", "k", "a", "GET"], NIL),
            (&["SET", "k", "b", "GET"], Both("$1\r\na\r\n")),
            (&["SET", "k", "c", "NX", "GET"], Both("$1\r\nb\r\n")),
            (&["GET", "k"], Both("$1\r\nb\r\n")),
            (
                &["SET", "k", "c", "XX", "GET", "EX", "10"],
                Both("$1\r\nb\r\n"),
            ),
            (&["TTL", "k"], Both(":10\r\n")),
            (&["SET", "other", "a", "XX", "GET"], NIL),
            (&["SET", "other", "a", "NX", "GET"], NIL),
            (&["GET", "other"], Both("$1\r\na\r\n")),
        ],
    ),
    case(
        "set with a time",
        &[
            (&["SET", "k", "a", "EX", "100"], OK),
            (&["TTL", "k"], Both(":100\r\n")),
            (&["SET", "k", "a", "PX", "200000", "NX"], NIL),
            (&["SET", "k", "a", "px", "200000"], OK),
            (&["TTL", "k"], Both(":200\r\n")),
            (&["SET", "k", "b", "KEEPTTL"], OK),
            (&["TTL", "k"], Both(":200\r\n")),
            (&["SET", "k", "b"], OK),
            (&["TTL", "k"], Both(":-1\r\n")),
            (&["PTTL", "k"], Both(":-1\r\n")),
            (&["TTL", "none"], Both(":-2\r\n")),
            (&["PTTL", "none"], Both(":-2\r\n")),
        ],
    ),
    case(
        "set with a bad time",
        &[
            (
                &["SET", "k", "a", "EX", "0"],
                Both("-ERR invalid expire time in 'set' command\r\n"),
            ),
            (
                &["SET", "k", "a", "PX", "-1"],
                Both("-ERR invalid expire time in 'set' command\r\n"),
            ),
            (
                &["SET", "k", "a", "EX", "9223372036854775807"],
                Both("-ERR invalid expire time in 'set' command\r\n"),
            ),
            (
                &["SET", "k", "a", "PX", "9223372036854775807"],
                Both("-ERR invalid expire time in 'set' command\r\n"),
            ),
            (&["SET", "k", "a", "PX", "9223372036854775808"], NO_INTEGER),
            (&["SET", "k", "a", "EX", "ten"], NO_INTEGER),
            (&["SET", "k", "a", "EX", "010"], NO_INTEGER),
            (&["SET", "k", "a", "EX", "+10"], NO_INTEGER),
            (&["SET", "k", "a", "EX", ""], NO_INTEGER),
            (&["SET", "k", "a", "EX"], SYNTAX),
            (&["SET", "k", "a", "EX", "10", "PX", "10"], SYNTAX),
            (&["SET", "k", "a", "EX", "10", "KEEPTTL"], SYNTAX),
            (&["SET", "k", "a", "KEEPTTL", "EX", "10"], SYNTAX),
            (&["SET", "k", "a", "EX", "ten", "NONSENSE"], SYNTAX),
            (&["SET", "k", "a", "NONSENSE"], SYNTAX),
            (&["EXISTS", "k"], ZERO),
        ],
    ),
    case(
        "expire",
        &[
            (&["EXPIRE", "k", "10"], ZERO),
            (&["SET", "k", "a"], OK),
            (&["EXPIRE", "k", "10"], ONE),
            (&["TTL", "k"], Both(":10\r\n")),
            (&["PEXPIRE", "k", "20000"], ONE),
            (&["TTL", "k"], Both(":20\r\n")),
            (&["EXPIRE", "k", "30", "NX"], ZERO),
            (&["EXPIRE", "k", "10", "GT"], ZERO),
            (&["EXPIRE", "k", "30", "LT"], ZERO),
            (&["EXPIRE", "k", "30", "XX", "GT"], ONE),
            (&["TTL", "k"], Both(":30\r\n")),
            (
                &["EXPIRE", "k", "30", "NX", "XX"],
                Both("-ERR NX and XX, GT or LT options at the same time are not compatible\r\n"),
            ),
            (
                &["EXPIRE", "k", "30", "GT", "LT"],
                Both("-ERR GT and LT options at the same time are not compatible\r\n"),
            ),
            (
                &["EXPIRE", "k", "30", "ZZ"],
                Both("-ERR Unsupported option ZZ\r\n"),
            ),
            (&["EXPIRE", "k", "soon"], NO_INTEGER),
            (
                &["EXPIRE", "k", "9223372036854775807"],
                Both("-ERR invalid expire time in 'expire' command\r\n"),
            ),
            (
                &["PEXPIRE", "k", "9223372036854775807"],
                Both("-ERR invalid expire time in 'pexpire' command\r\n"),
            ),
            (&["SET", "lasting", "a"], OK),
            (&["EXPIRE", "lasting", "10", "XX"], ZERO),
            (&["EXPIRE", "lasting", "10", "GT"], ZERO),
            (&["EXPIRE", "lasting", "10", "LT"], ONE),
            (&["PEXPIRE", "k", "0"], ONE),
            (&["EXISTS", "k"], ZERO),
            (&["EXPIRE", "lasting", "-5"], ONE),
            (&["EXISTS", "lasting"], ZERO),
        ],
    ),
    case(
        "several keys",
        &[
            (&["SETNX", "a", "1"], ONE),
            (&["SETNX", "a", "2"], ZERO),
            (&["SET", "b", "2"], OK),
            (
                &["MGET", "a", "none", "b", "a"],
                Each(
                    "*4\r\n$1\r\n1\r\n$-1\r\n$1\r\n2\r\n$1\r\n1\r\n",
                    "*4\r\n$1\r\n1\r\n_\r\n$1\r\n2\r\n$1\r\n1\r\n",
                ),
            ),
            (&["EXISTS", "a", "b", "none", "a"], Both(":3\r\n")),
            (&["DBSIZE"], Both(":2\r\n")),
            (&["DEL", "a", "none", "a", "b"], Both(":2\r\n")),
            (&["DBSIZE"], ZERO),
        ],
    ),
    case(
        "scan",
        &[
            (&["SCAN", "0"], Both("*2\r\n$1\r\n0\r\n*0\r\n")),
            (&["SET", "link:a", "1"], OK),
            (&["SET", "lock:a", "1"], OK),
            (
                &["SCAN", "0", "MATCH", "link:*", "COUNT", "100"],
                Both("*2\r\n$1\r\n0\r\n*1\r\n$6\r\nlink:a\r\n"),
            ),
            (
                &["SCAN", "0", "count", "100", "match", "l[a-n]nk:?"],
                Both("*2\r\n$1\r\n0\r\n*1\r\n$6\r\nlink:a\r\n"),
            ),
            (
                &["SCAN", "0", "MATCH", "l?ck:*", "TYPE", "string"],
                Both("*2\r\n$1\r\n0\r\n*1\r\n$6\r\nlock:a\r\n"),
            ),
            (
                &["SCAN", "0", "TYPE", "list"],
                Both("*2\r\n$1\r\n0\r\n*0\r\n"),
            ),
            (&["SCAN", "0", "COUNT", "0"], SYNTAX),
            (&["SCAN", "0", "COUNT", "-1"], SYNTAX),
            (&["SCAN", "0", "COUNT", "many"], NO_INTEGER),
            (&["SCAN", "0", "COUNT"], SYNTAX),
            (&["SCAN", "0", "NONSENSE", "1"], SYNTAX),
            (&["SCAN", "start"], Both("-ERR invalid cursor\r\n")),
            (&["SCAN", "-x"], Both("-ERR invalid cursor\r\n")),
        ],
    ),
    case(
        "compare and set",
        &[
            (&["SET", "k", "read"], OK),
            (
                &["EVAL", store::COMPARE_AND_SET, "1", "k", "other", "new"],
                ZERO,
            ),
            (&["GET", "k"], Both("$4\r\nread\r\n")),
            (
                &["EVAL", store::COMPARE_AND_SET, "1", "k", "read", "new"],
                ONE,
            ),
            (&["GET", "k"], Both("$3\r\nnew\r\n")),
            (
                &["EVAL", store::COMPARE_AND_SET, "1", "none", "", "new"],
                ZERO,
            ),
            (&["EXISTS", "none"], ZERO),
        ],
    ),
    case(
        "compare and delete",
        &[
            (&["SET", "lock", "mine"], OK),
            (
                &["EVAL", store::COMPARE_AND_DELETE, "1", "lock", "other"],
                ZERO,
            ),
            (&["EVAL", store::COMPARE_AND_DELETE, "1", "lock"], ZERO),
            (&["GET", "lock"], Both("$4\r\nmine\r\n")),
            (
                &[
                    "EVAL",
                    store::COMPARE_AND_DELETE,
                    "1",
                    "lock",
                    "mine",
                    "more",
                ],
                ONE,
            ),
            (
                &["EVAL", store::COMPARE_AND_DELETE, "1", "lock", "mine"],
                ZERO,
            ),
            (
                &["EVAL", store::COMPARE_AND_DELETE, "2", "a"],
                Both("-ERR Number of keys can't be greater than number of args\r\n"),
            ),
            (
                &["EVAL", store::COMPARE_AND_DELETE, "-1"],
                Both("-ERR Number of keys can't be negative\r\n"),
            ),
            (&["EVAL", store::COMPARE_AND_DELETE, "x"], NO_INTEGER),
            (
                &["EVAL", store::COMPARE_AND_DELETE],
                Both("-ERR wrong number of arguments for 'eval' command\r\n"),
            ),
            (
                &["EVALSHA", "0123456789012345678901234567890123456789", "0"],
                Both("-NOSCRIPT No matching script. Please use EVAL.\r\n"),
            ),
        ],
    ),
    case(
        "words",
        &[
            (&["PING"], Both("+PONG\r\n")),
            (&["ping", "hello"], Both("$5\r\nhello\r\n")),
            (
                &["PING", "a", "b"],
                Both("-ERR wrong number of arguments for 'ping' command\r\n"),
            ),
            (&["ECHO", "hello"], Both("$5\r\nhello\r\n")),
            (
                &["ECHO"],
                Both("-ERR wrong number of arguments for 'echo' command\r\n"),
            ),
        ],
    ),
    case(
        "wrong commands",
        &[
            (
                &["GET"],
                Both("-ERR wrong number of arguments for 'get' command\r\n"),
            ),
            (
                &["GeT", "a", "b"],
                Both("-ERR wrong number of arguments for 'get' command\r\n"),
            ),
            (
                &["SET", "a"],
                Both("-ERR wrong number of arguments for 'set' command\r\n"),
            ),
            (
                &["DEL"],
                Both("-ERR wrong number of arguments for 'del' command\r\n"),
            ),
            (
                &["DBSIZE", "a"],
                Both("-ERR wrong number of arguments for 'dbsize' command\r\n"),
            ),
            (
                &["NONSENSE"],
                Both("-ERR unknown command 'NONSENSE', with args beginning with: \r\n"),
            ),
            (
                &["NonSense", "a", "b c"],
                Both("-ERR unknown command 'NonSense', with args beginning with: 'a' 'b c' \r\n"),
            ),
            (
                &["NONSENSE", "a\r\nb"],
                Both("-ERR unknown command 'NONSENSE', with args beginning with: 'a  b' \r\n"),
            ),
            (
                &[
                    "NONSENSE",
                    "0123456789012345678901234567890123456789012345678901234567890123456789",
                    "0123456789012345678901234567890123456789012345678901234567890123456789",
                    "never shown",
                ],
                Both(
                    "-ERR unknown command 'NONSENSE', with args beginning with: \
                '0123456789012345678901234567890123456789012345678901234567890123456789' \
                '0123456789012345678901234567890123456789012345678901234' \r\n",
                ),
            ),
            (
                &[""],
                Both("-ERR unknown command '', with args beginning with: \r\n"),
            ),
        ],
    ),
    case(
        "flush",
        &[
            (&["SET", "a", "1"], OK),
            (&["FLUSHDB", "NONSENSE"], SYNTAX),
            (&["FLUSHDB", "ASYNC"], OK),
            (&["EXISTS", "a"], ZERO),
            (&["FLUSHDB", "sync"], OK),
            (&["FLUSHALL"], OK),
        ],
    ),
];
