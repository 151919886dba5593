//! kind = "near-miss"
//! problem = 6
//! claim = "along with its consumer"
//! about = "The restarted producer continues after the first count that any consumer answers."
//! mistakes = ["believes-one-consumer"]

// ── file producer.rs
// ── replace
let asked = ctx
    // …
let count = seen.copied().max().unwrap_or(count);
// ── with
let mut asked: Vec<_> = nodes
    .into_iter()
    .map(|node| {
        let me = ctx.clone();
        Box::pin(async move {
            let counts = me.call_within(ASK_TIMEOUT, &CONSUMER.at(&node), ConsumerMsg::Counts).await;
            counts.ok()?.get(me.name()).copied()
        })
    })
    .collect();
let first = std::future::poll_fn(|cx| {
    let mut first = None;
    asked.retain_mut(|answer| match answer.as_mut().poll(cx) {
        Poll::Ready(count) => {
            first = first.or(count);
            false
        }
        Poll::Pending => true,
    });
    match first.is_some() || asked.is_empty() {
        true => Poll::Ready(first),
        false => Poll::Pending,
    }
});
let count = first.await.unwrap_or(count);
// ── end
// ── add
use std::task::Poll;
// ── end
