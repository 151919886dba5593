//! Everything that a connected peer can make a node decode: a frame's header, then its payload as
//! the message of a server.

#![no_main]

use std::collections::BTreeMap;

use bytes::{Bytes, BytesMut};
use libfuzzer_sys::fuzz_target;
use runtime::{NodeName, wire};
use serde::{Deserialize, Serialize};

/// A message such as a course's servers have, with every shape that decodes differently.
#[derive(Debug, Serialize, Deserialize)]
enum Message {
    Ping,
    Count(u64),
    Named(NodeName, String, Option<i64>),
    Table { by_node: BTreeMap<NodeName, u64>, latest: f64, done: bool },
    Bytes(Bytes),
    Nested(Box<Message>),
    Many(Vec<Message>),
}

fuzz_target!(|bytes: &[u8]| {
    let Ok(frame) = wire::read_frame(Bytes::copy_from_slice(bytes)) else { return };

    // What was understood must be understood again, as the same, when it is sent on.
    let mut out = BytesMut::new();
    wire::put_frame(&mut out, frame.clock, &frame.header, &frame.payload);
    let again = wire::read_frame(out.split_off(4).freeze()).expect("a frame that we wrote is a frame");
    assert_eq!(again.clock, frame.clock);
    assert_eq!(again.header, frame.header);
    assert_eq!(again.payload, frame.payload);

    // Comparing the encodings and not the values: not even a NaN equals itself.
    if let Ok(message) = wire::decode::<Message>(&frame.payload) {
        let encoded = wire::encode(&message).expect("what was decoded can be encoded");
        let decoded = wire::decode::<Message>(&encoded).expect("what was encoded can be decoded");
        assert_eq!(wire::encode(&decoded).unwrap(), encoded);
    }
});
