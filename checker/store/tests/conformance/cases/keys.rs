//! On keys and values.

use super::Answer::Is;
use super::{Case, NIL, NO_INTEGER, OK, ONE, SYNTAX, ZERO, case};

pub(super) const CASES: &[Case] = &[
    case(
        "get and set",
        &[
            (&["GET", "k"], NIL),
            (&["SET", "k", "v"], OK),
            (&["GET", "k"], Is("$1\r\nv\r\n")),
            (&["set", "k", ""], OK),
            (&["gEt", "k"], Is("$0\r\n\r\n")),
            (&["SET", "", "empty key"], OK),
            (&["GET", ""], Is("$9\r\nempty key\r\n")),
            (&["SET", "k", "a\r\nb\0c"], OK),
            (&["GET", "k"], Is("$6\r\na\r\nb\0c\r\n")),
        ],
    ),
    case(
        "set if absent",
        &[
            (&["SET", "k", "a", "NX"], OK),
            (&["SET", "k", "b", "nx"], NIL),
            (&["SET", "k", "c", "NX", "NX"], NIL),
            (&["GET", "k"], Is("$1\r\na\r\n")),
        ],
    ),
    case(
        "several keys",
        &[
            (&["SET", "a", "1"], OK),
            (&["SET", "b", "2"], OK),
            (
                &["MGET", "a", "none", "b", "a"],
                Is("*4\r\n$1\r\n1\r\n$-1\r\n$1\r\n2\r\n$1\r\n1\r\n"),
            ),
            (&["DEL", "a", "none", "a", "b"], Is(":2\r\n")),
            (&["MGET", "a", "b"], Is("*2\r\n$-1\r\n$-1\r\n")),
        ],
    ),
    case(
        "scan",
        &[
            (&["SCAN", "0"], Is("*2\r\n$1\r\n0\r\n*0\r\n")),
            (&["SET", "link:a", "1"], OK),
            (&["SET", "lock:a", "1"], OK),
            (
                &["SCAN", "0", "MATCH", "link:*", "COUNT", "100"],
                Is("*2\r\n$1\r\n0\r\n*1\r\n$6\r\nlink:a\r\n"),
            ),
            (
                &["SCAN", "0", "count", "100", "match", "l[a-n]nk:?"],
                Is("*2\r\n$1\r\n0\r\n*1\r\n$6\r\nlink:a\r\n"),
            ),
            (&["SCAN", "0", "COUNT", "0"], SYNTAX),
            (&["SCAN", "0", "COUNT", "-1"], SYNTAX),
            (&["SCAN", "0", "COUNT", "many"], NO_INTEGER),
            (&["SCAN", "0", "COUNT"], SYNTAX),
            (&["SCAN", "0", "NONSENSE", "1"], SYNTAX),
            (&["SCAN", "start"], Is("-ERR invalid cursor\r\n")),
            (&["SCAN", "-x"], Is("-ERR invalid cursor\r\n")),
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
            (&["GET", "k"], Is("$4\r\nread\r\n")),
            (
                &["EVAL", store::COMPARE_AND_SET, "1", "k", "read", "new"],
                ONE,
            ),
            (&["GET", "k"], Is("$3\r\nnew\r\n")),
            (
                &["EVAL", store::COMPARE_AND_SET, "1", "none", "", "new"],
                ZERO,
            ),
            (&["GET", "none"], NIL),
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
            (&["GET", "lock"], Is("$4\r\nmine\r\n")),
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
                Is("-ERR Number of keys can't be greater than number of args\r\n"),
            ),
            (
                &["EVAL", store::COMPARE_AND_DELETE, "-1"],
                Is("-ERR Number of keys can't be negative\r\n"),
            ),
            (&["EVAL", store::COMPARE_AND_DELETE, "x"], NO_INTEGER),
            (
                &["EVAL", store::COMPARE_AND_DELETE],
                Is("-ERR wrong number of arguments for 'eval' command\r\n"),
            ),
        ],
    ),
    case(
        "words",
        &[
            (&["PING"], Is("+PONG\r\n")),
            (&["ping", "hello"], Is("$5\r\nhello\r\n")),
            (
                &["PING", "a", "b"],
                Is("-ERR wrong number of arguments for 'ping' command\r\n"),
            ),
        ],
    ),
    case(
        "wrong commands",
        &[
            (
                &["GET"],
                Is("-ERR wrong number of arguments for 'get' command\r\n"),
            ),
            (
                &["GeT", "a", "b"],
                Is("-ERR wrong number of arguments for 'get' command\r\n"),
            ),
            (
                &["SET", "a"],
                Is("-ERR wrong number of arguments for 'set' command\r\n"),
            ),
            (
                &["DEL"],
                Is("-ERR wrong number of arguments for 'del' command\r\n"),
            ),
            (
                &["NONSENSE"],
                Is("-ERR unknown command 'NONSENSE', with args beginning with: \r\n"),
            ),
            (
                &["NonSense", "a", "b c"],
                Is("-ERR unknown command 'NonSense', with args beginning with: 'a' 'b c' \r\n"),
            ),
            (
                &["NONSENSE", "a\r\nb"],
                Is("-ERR unknown command 'NONSENSE', with args beginning with: 'a  b' \r\n"),
            ),
            (
                &[
                    "NONSENSE",
                    "0123456789012345678901234567890123456789012345678901234567890123456789",
                    "0123456789012345678901234567890123456789012345678901234567890123456789",
                    "never shown",
                ],
                Is(
                    "-ERR unknown command 'NONSENSE', with args beginning with: \
                '0123456789012345678901234567890123456789012345678901234567890123456789' \
                '0123456789012345678901234567890123456789012345678901234' \r\n",
                ),
            ),
            (
                &[""],
                Is("-ERR unknown command '', with args beginning with: \r\n"),
            ),
        ],
    ),
];
