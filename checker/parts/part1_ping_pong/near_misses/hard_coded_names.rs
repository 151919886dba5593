//! kind = "near-miss"
//! problem = 1
//! claim = "every connected consumer"
//! about = "The producer sends its pings to those of three fixed nodes that are connected."
//! mistakes = ["pings-not-all-connected"]

// ── file producer.rs
// ── replace
let ping = ConsumerMsg::Ping {
    // …
let _ = ctx.abcast(&CONSUMER, ping).await;
// ── with
for node in ["n1@127.0.0.1", "n2@127.0.0.1", "n3@127.0.0.1"] {
    let node = node.parse().expect("it is a name");
    if &node == ctx.name() || ctx.list().contains(&node) {
        let ping = ConsumerMsg::Ping { from: ctx.name().clone(), count: self.count };
        let _ = ctx.cast(&CONSUMER.at(&node), ping).await;
    }
}
// ── end
