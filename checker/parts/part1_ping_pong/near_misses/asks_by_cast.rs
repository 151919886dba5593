//! kind = "right"
//! about = "The consumer asks for a count by a cast, and the producer answers with a ping of the old number."

// ── file consumer.rs
// ── replace
for node in ctx.list().into_iter().chain([ctx.name().clone()]) {
    catch_up(node, ctx);
}
// ── with
let _ = ctx.abcast(&PRODUCER, ProducerMsg::Tell(ctx.name().clone())).await;
// ── end
// ── replace
Info::NodeUp(node) => catch_up(node, ctx),
// ── with
Info::NodeUp(node) => {
    let _ = ctx.cast(&PRODUCER.at(&node), ProducerMsg::Tell(ctx.name().clone())).await;
}
// ── end
// ── file producer.rs
// ── after
ProducerMsg::Count(reply) => reply.send(self.count),
// ── add
ProducerMsg::Tell(node) => {
    let ping = ConsumerMsg::Ping { from: ctx.name().clone(), count: self.count };
    let _ = ctx.cast(&CONSUMER.at(&node), ping).await;
}
// ── end
// ── file protocol.rs
// ── after
AskEveryone(Reply<Everyone>),
// ── add
Tell(NodeName),
// ── end
