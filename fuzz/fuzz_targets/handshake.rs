//! Everything that a stranger, who has proved nothing yet, can make a node decode.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| runtime::fuzz_message(bytes));
