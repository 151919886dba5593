//! kind = "near-miss"
//! problem = 3
//! claim = "consumers crash while pings are lost, late and repeated"
//! about = "A ping that comes before the producer's answer makes the consumer ignore the answer, even if the ping is an old one that came late."

// ── file protocol.rs
// ── after
    TotalPings(Reply<u64>),
// ── add
/// To itself: the producer of that node has answered with its count.
Answered(NodeName, u64),
// ── end

// ── file consumer.rs
// ── replace
use std::collections::BTreeMap;
// ── with
use std::collections::{BTreeMap, BTreeSet};
// ── end

// ── after
    counts: BTreeMap<NodeName, u64>,
// ── add
/// The nodes whose producers were asked, and of which no ping has come since.
asked: BTreeSet<NodeName>,
// ── end

// ── replace
        for node in ctx.list().into_iter().chain([ctx.name().clone()]) {
            catch_up(node, ctx);
        }
        Consumer { counts }
// ── with
let mut asked = BTreeSet::new();
for node in ctx.list().into_iter().chain([ctx.name().clone()]) {
    asked.insert(node.clone());
    catch_up(node, ctx);
}
Consumer { counts, asked }
// ── end

// ── replace
            ConsumerMsg::Ping { from, count } => {
// ── with
ConsumerMsg::Answered(from, count) => {
    // A ping that came meanwhile is newer than this answer.
    if self.asked.remove(&from) {
        let latest = self.counts.entry(from).or_default();
        *latest = count.max(*latest);
    }
}
ConsumerMsg::Ping { from, count } => {
    self.asked.remove(&from);
// ── end

// ── replace
            Info::NodeUp(node) => catch_up(node, ctx),
// ── with
Info::NodeUp(node) => {
    self.asked.insert(node.clone());
    catch_up(node, ctx);
}
// ── end

// ── replace
                Ok(count) => return me.send_self(ConsumerMsg::Ping { from: node, count }),
// ── with
Ok(count) => return me.send_self(ConsumerMsg::Answered(node, count)),
// ── end
