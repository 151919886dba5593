//! kind = "near-miss"
//! problem = 3
//! claim = "does not withhold"
//! about = "The restarted consumer asks one producer after another in `init`, each as long as any call waits."
//! mistakes = ["waits-in-init"]

// ── file consumer.rs
// ── replace
catch_up(node, ctx);
// ── with
if let Ok(count) = ctx.call(&PRODUCER.at(&node), ProducerMsg::Count).await {
    ctx.send_self(ConsumerMsg::Ping { from: node, count });
}
// ── end
