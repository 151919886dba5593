//! On connections and the server.

use super::Answer::{Both, Each, Like};
use super::{Case, NIL, NO_INTEGER, OK, SYNTAX, case, wire};

pub(super) const CASES: &[Case] = &[
    wire(
        "databases",
        &[
            (&["SET", "a", "zero"], OK),
            (&["SELECT", "15"], OK),
            (&["GET", "a"], NIL),
            (&["SET", "a", "fifteen"], OK),
            (&["FLUSHDB"], OK),
            (&["SELECT", "16"], Both("-ERR DB index is out of range\r\n")),
            (&["SELECT", "-1"], Both("-ERR DB index is out of range\r\n")),
            (
                &["SELECT", "9999999999"],
                Both(
                    "-ERR value is out of range, value must between -2147483648 and 2147483647\r\n",
                ),
            ),
            (&["SELECT", "x"], NO_INTEGER),
            (&["GET", "a"], NIL),
            (&["SELECT", "0"], OK),
            (&["GET", "a"], Both("$4\r\nzero\r\n")),
        ],
    ),
    wire(
        "names of connections",
        &[
            (&["CLIENT", "GETNAME"], NIL),
            (&["CLIENT", "SETNAME", "n1"], OK),
            (&["CLIENT", "getname"], Both("$2\r\nn1\r\n")),
            (
                &["CLIENT", "SETNAME", "a b"],
                Both(
                    "-ERR Client names cannot contain spaces, newlines or special characters.\r\n",
                ),
            ),
            (
                &["CLIENT", "SETNAME"],
                Both("-ERR wrong number of arguments for 'client|setname' command\r\n"),
            ),
            (
                &["CLIENT", "NONSENSE"],
                Both("-ERR unknown subcommand 'NONSENSE'. Try CLIENT HELP.\r\n"),
            ),
            (
                &["CLIENT"],
                Both("-ERR wrong number of arguments for 'client' command\r\n"),
            ),
            (&["CLIENT", "NO-EVICT", "on"], OK),
            (&["CLIENT", "NO-EVICT", "maybe"], SYNTAX),
            (&["CLIENT", "ID"], Like(":")),
            (&["CLIENT", "SETNAME", ""], OK),
            (&["CLIENT", "GETNAME"], NIL),
        ],
    ),
    wire(
        "hello",
        &[
            (
                &["HELLO", "4"],
                Both("-NOPROTO unsupported protocol version\r\n"),
            ),
            (
                &["HELLO", "x"],
                Both("-ERR Protocol version is not an integer or out of range\r\n"),
            ),
            (
                &["HELLO", "2", "SETNAME"],
                Both("-ERR Syntax error in HELLO option 'SETNAME'\r\n"),
            ),
            (
                &["HELLO", "2", "NONSENSE"],
                Both("-ERR Syntax error in HELLO option 'NONSENSE'\r\n"),
            ),
            (
                &["HELLO", "3", "AUTH", "user", "secret"],
                Like("-WRONGPASS "),
            ),
            (&["HELLO"], Like("$5\r\nproto\r\n:")),
            (
                &["AUTH", "user", "secret"],
                Both("-WRONGPASS invalid username-password pair or user is disabled.\r\n"),
            ),
            (
                &["AUTH", "secret"],
                Both(
                    "-ERR AUTH <password> called without any password configured for the default \
                  user. Are you sure your configuration is correct?\r\n",
                ),
            ),
        ],
    ),
    case(
        "settings",
        &[
            (
                &["CONFIG", "GET", "save"],
                Each(
                    "*2\r\n$4\r\nsave\r\n$0\r\n\r\n",
                    "%1\r\n$4\r\nsave\r\n$0\r\n\r\n",
                ),
            ),
            (
                &["config", "get", "appendonly"],
                Each(
                    "*2\r\n$10\r\nappendonly\r\n$2\r\nno\r\n",
                    "%1\r\n$10\r\nappendonly\r\n$2\r\nno\r\n",
                ),
            ),
            (&["CONFIG", "GET", "nonsense"], Each("*0\r\n", "%0\r\n")),
            (
                &["CONFIG", "GET"],
                Both("-ERR wrong number of arguments for 'config|get' command\r\n"),
            ),
            (
                &["CONFIG", "NONSENSE"],
                Both("-ERR unknown subcommand 'NONSENSE'. Try CONFIG HELP.\r\n"),
            ),
            (
                &["CONFIG"],
                Both("-ERR wrong number of arguments for 'config' command\r\n"),
            ),
            (&["INFO"], Like("\r\nredis_version:")),
            (&["INFO", "server"], Like("# Server\r\nredis_version:")),
            (&["COMMAND", "COUNT"], Like(":")),
            (
                &["COMMAND", "NONSENSE"],
                Both("-ERR unknown subcommand 'NONSENSE'. Try COMMAND HELP.\r\n"),
            ),
            (
                &["COMMAND", "INFO", "nonsense"],
                Each("*1\r\n$-1\r\n", "*1\r\n_\r\n"),
            ),
            (&["COMMAND", "DOCS", "nonsense"], Each("*0\r\n", "%0\r\n")),
        ],
    ),
];
