//! kind = "near-miss"
//! problem = 3
//! claim = "regains"
//! about = "The supervisor restarts the producer along with the consumer that it depends on, and the count is lost."
//! mistakes = ["misses-its-own-producer"]

// ── file lib.rs
//! Part 1 with a supervisor that restarts too much.

use runtime::{Address, Node, StartError, Supervisor, SupervisorMsg};

pub mod consumer;
pub mod producer;
pub mod protocol;

use consumer::Consumer;
use producer::Producer;
use protocol::{CONSUMER, PRODUCER};

pub const SOURCE_HASH: Option<&str> = option_env!("COURSE_SOURCE_HASH");

pub async fn start(node: Node) -> Result<Address<SupervisorMsg>, StartError> {
    Supervisor::rest_for_one()
        .child::<Consumer>(&CONSUMER, ())
        .child::<Producer>(&PRODUCER, ())
        .start(&node)
        .await
}

// ── file producer.rs
// ── gap 6: go on counting
// ── end 6
