//! On connections and the server.

use super::Answer::{Has, Is};
use super::{Case, NIL, NO_INTEGER, OK, case, wire};

pub(super) const CASES: &[Case] = &[
    wire(
        "databases",
        &[
            (&["SET", "a", "zero"], OK),
            (&["SELECT", "15"], OK),
            (&["GET", "a"], NIL),
            (&["SET", "a", "fifteen"], OK),
            (&["SELECT", "16"], Is("-ERR DB index is out of range\r\n")),
            (&["SELECT", "-1"], Is("-ERR DB index is out of range\r\n")),
            (
                &["SELECT", "9999999999"],
                Is("-ERR value is out of range, value must between -2147483648 and 2147483647\r\n"),
            ),
            (&["SELECT", "x"], NO_INTEGER),
            (&["GET", "a"], Is("$7\r\nfifteen\r\n")),
            (&["SELECT", "0"], OK),
            (&["GET", "a"], Is("$4\r\nzero\r\n")),
        ],
    ),
    case(
        "what a client says at the beginning",
        &[
            (
                &["CLIENT", "NONSENSE"],
                Is("-ERR unknown subcommand 'NONSENSE'. Try CLIENT HELP.\r\n"),
            ),
            (
                &["CLIENT"],
                Is("-ERR wrong number of arguments for 'client' command\r\n"),
            ),
            (
                &["AUTH", "user", "secret"],
                Is("-WRONGPASS invalid username-password pair or user is disabled.\r\n"),
            ),
            (
                &["AUTH", "secret"],
                Is(
                    "-ERR AUTH <password> called without any password configured for the default \
                     user. Are you sure your configuration is correct?\r\n",
                ),
            ),
            (&["INFO"], Has("\r\nredis_version:")),
            (&["INFO", "server"], Has("# Server\r\nredis_version:")),
        ],
    ),
];
