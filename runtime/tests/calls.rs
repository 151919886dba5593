//! Calls: whatever happens to the other side, the caller learns what may have happened.

use std::time::Duration;

use runtime::{Address, CallError, CastError, ExitReason, MemoryNet, Node, Reply, ServerName};
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, sleep};

use crate::world::*;

async fn ask<T: serde::de::DeserializeOwned + Send + 'static>(
    from: &Node,
    to: &Node,
    msg: impl FnOnce(Reply<T>) -> CounterMsg,
) -> Result<T, CallError> {
    from.call(&COUNTER.at(to.name()), msg).await
}

#[tokio::test(start_paused = true)]
async fn a_call_is_answered_here_and_there() {
    let net = MemoryNet::new(1);
    let [n1, n2] = cluster(&net).await;
    assert_eq!(ask(&n1, &n2, |r| CounterMsg::Slow(3, r)).await, Ok(3));
    assert_eq!(ask(&n1, &n1, |r| CounterMsg::Slow(4, r)).await, Ok(4));
}

#[tokio::test(start_paused = true)]
async fn a_reply_can_be_kept_and_sent_later() {
    let net = MemoryNet::new(2);
    let [n1, n2] = cluster(&net).await;
    let late = tokio::spawn({
        let (n1, n2) = (n1.clone(), n2.clone());
        async move { ask(&n1, &n2, |r| CounterMsg::Later(2000, r)).await }
    });
    assert_eq!(ask(&n1, &n2, |r| CounterMsg::Later(5, r)).await, Ok(5));
    assert_eq!(late.await.unwrap(), Ok(2000));
}

#[tokio::test(start_paused = true)]
async fn a_dropped_reply_is_told_at_once() {
    let net = MemoryNet::new(3);
    let [n1, n2] = cluster(&net).await;
    let began = Instant::now();
    assert_eq!(
        ask(&n1, &n2, CounterMsg::Forget).await,
        Err(CallError::NoReply)
    );
    assert_eq!(
        ask(&n1, &n1, CounterMsg::Forget).await,
        Err(CallError::NoReply)
    );
    assert!(began.elapsed() < Duration::from_millis(100));
}

#[tokio::test(start_paused = true)]
async fn a_crash_is_told_with_its_reason_and_unwritten_code_as_such() {
    let net = MemoryNet::new(4);
    let [n1, n2] = cluster(&net).await;
    let crashed = ask(&n1, &n2, CounterMsg::CrashOwing).await;
    assert_eq!(
        crashed,
        Err(CallError::Exited(ExitReason::Crashed(
            "with an answer owed".into()
        )))
    );
    assert!(crashed.unwrap_err().may_have_happened());
    assert_eq!(
        ask(&n1, &n2, CounterMsg::Forget).await,
        Err(CallError::NoProcess(n2.name().clone()))
    );
    n2.start_server::<Counter>(&COUNTER, ()).await.unwrap();
    let unwritten = ask(&n1, &n2, CounterMsg::Unwritten).await;
    assert_eq!(
        unwritten,
        Err(CallError::Exited(ExitReason::NotWritten(
            "TODO(7) write this".into()
        )))
    );
}

#[tokio::test(start_paused = true)]
async fn a_kept_call_learns_of_the_crash_and_not_of_a_dropped_reply() {
    let net = MemoryNet::new(5);
    let [n1, n2] = cluster(&net).await;
    let kept = tokio::spawn({
        let (n1, n2) = (n1.clone(), n2.clone());
        async move { ask(&n1, &n2, CounterMsg::Keep).await }
    });
    let in_task = tokio::spawn({
        let (n1, n2) = (n1.clone(), n2.clone());
        async move { ask(&n1, &n2, |r| CounterMsg::Later(4000, r)).await }
    });
    sleep(Duration::from_millis(50)).await;
    n1.cast(&COUNTER.at(n2.name()), CounterMsg::Crash("boom".into()))
        .await
        .unwrap();
    let boom = Err(CallError::Exited(ExitReason::Crashed("boom".into())));
    assert_eq!(kept.await.unwrap(), boom);
    assert_eq!(in_task.await.unwrap(), boom);
}

#[tokio::test(start_paused = true)]
async fn a_killed_process_answers_killed_even_in_the_middle_of_a_message() {
    let net = MemoryNet::new(6);
    let [n1, n2] = cluster(&net).await;
    let slow = tokio::spawn({
        let (n1, n2) = (n1.clone(), n2.clone());
        async move { ask(&n1, &n2, |r| CounterMsg::Slow(4000, r)).await }
    });
    sleep(Duration::from_millis(50)).await;
    n1.exit(&COUNTER.at(n2.name()), ExitReason::Killed);
    assert_eq!(
        slow.await.unwrap(),
        Err(CallError::Exited(ExitReason::Killed))
    );
}

#[tokio::test(start_paused = true)]
async fn a_call_times_out_and_its_late_answer_goes_nowhere() {
    let net = MemoryNet::new(7);
    let [n1, n2] = cluster(&net).await;
    let error = n1
        .call_within(Duration::from_secs(1), &COUNTER.at(n2.name()), |r| {
            CounterMsg::Later(1500, r)
        })
        .await;
    assert_eq!(error, Err(CallError::Timeout(n2.name().clone())));
    sleep(Duration::from_secs(1)).await;
    assert_eq!(
        ask(&n1, &n2, |r| CounterMsg::Slow(1, r)).await,
        Ok(1),
        "the late answer is not taken for another"
    );
}

/// A call is under way when something happens to the node that it went to.
async fn fate_of_a_call(
    seed: u64,
    what: impl AsyncFnOnce(&MemoryNet, &Node, &Node),
) -> (Result<u64, CallError>, Duration) {
    let net = MemoryNet::new(seed);
    let [n1, n2] = cluster(&net).await;
    let began = Instant::now();
    let call = tokio::spawn({
        let (n1, n2) = (n1.clone(), n2.clone());
        async move {
            n1.call_within(Duration::from_secs(20), &COUNTER.at(n2.name()), |r| {
                CounterMsg::Later(19_000, r)
            })
            .await
        }
    });
    sleep(Duration::from_millis(100)).await;
    what(&net, &n1, &n2).await;
    let fate = call.await.unwrap();
    (fate, began.elapsed())
}

#[tokio::test(start_paused = true)]
async fn a_call_to_a_killed_or_cut_off_node_may_have_happened() {
    let (fate, took) = fate_of_a_call(8, async |net, _, n2| net.kill(n2.name())).await;
    assert!(matches!(fate, Err(CallError::NodeDown(_))), "{fate:?}");
    assert!(took < Duration::from_secs(1), "{took:?}");
    let (fate, took) =
        fate_of_a_call(9, async |net, n1, n2| net.partition(n1.name(), n2.name())).await;
    assert!(
        matches!(&fate, Err(error @ CallError::NodeDown(_)) if error.may_have_happened()),
        "{fate:?}"
    );
    assert!(took < Duration::from_secs(1), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn a_call_into_a_blackhole_fails_after_the_tick_time() {
    let (fate, took) =
        fate_of_a_call(10, async |net, n1, n2| net.blackhole(n2.name(), n1.name())).await;
    assert!(matches!(fate, Err(CallError::NodeDown(_))), "{fate:?}");
    assert!(
        took > Duration::from_secs(3) && took < Duration::from_secs(7),
        "{took:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_call_does_not_survive_a_restart_of_its_node() {
    let restart = async |net: &MemoryNet, n1: &Node, n2: &Node| {
        n2.stop().await;
        let again = node(net, "n2").await;
        again.start_server::<Counter>(&COUNTER, ()).await.unwrap();
        again.connect(n1.name()).await.unwrap();
    };
    let (fate, _) = fate_of_a_call(11, restart).await;
    assert!(
        matches!(
            fate,
            Err(CallError::NodeDown(_) | CallError::Exited(ExitReason::Shutdown))
        ),
        "{fate:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_call_that_finds_no_node_or_no_process_did_not_happen() {
    let net = MemoryNet::new(12);
    let [n1, n2] = cluster(&net).await;
    let error = n1
        .call::<_, u64>(&COUNTER.at(name("nobody")), CounterMsg::Keep)
        .await
        .unwrap_err();
    assert!(
        matches!(&error, CallError::NotConnected(..)) && !error.may_have_happened(),
        "{error:?}"
    );
    let nowhere: ServerName<CounterMsg> = ServerName::new("nowhere");
    let error = n1
        .call::<_, u64>(&nowhere.at(n2.name()), CounterMsg::Keep)
        .await
        .unwrap_err();
    assert_eq!(error, CallError::NoProcess(n2.name().clone()));
    let error = n1
        .call::<_, u64>(&nowhere.at(n1.name()), CounterMsg::Keep)
        .await
        .unwrap_err();
    assert_eq!(error, CallError::NoProcess(n1.name().clone()));
}

#[derive(Debug, Serialize, Deserialize)]
enum Foreign {
    Add(u64),
    Seen(Reply<Vec<u64>>),
    Dance(Reply<u64>),
    Forget,
}

#[tokio::test(start_paused = true)]
async fn types_declared_twice_meet_by_the_names_of_their_variants() {
    let net = MemoryNet::new(13);
    let [n1, n2] = cluster(&net).await;
    for node in [&n1, &n2] {
        let counter: Address<Foreign> = COUNTER.at(node.name()).retype();
        n1.cast(&counter, Foreign::Add(8)).await.unwrap();
        assert_eq!(n1.call(&counter, Foreign::Seen).await, Ok(vec![8]));
        let error = n1.call(&counter, Foreign::Dance).await.unwrap_err();
        assert!(
            matches!(&error, CallError::NotUnderstood(why) if why.contains("Dance")),
            "{error:?}"
        );
        assert!(!error.may_have_happened());
        // A message that wants an answer, sent as one that does not: refused, and harmless.
        n1.cast(&counter, Foreign::Forget).await.unwrap();
        assert_eq!(n1.call(&counter, Foreign::Seen).await, Ok(vec![8]));
    }
}

#[tokio::test(start_paused = true)]
async fn old_references_to_a_restarted_node_reach_nobody() {
    let net = MemoryNet::new(14);
    let [n1, n2] = cluster(&net).await;
    let old = n2.start_unnamed::<Counter>(()).await.unwrap();
    assert_eq!(n1.call(&old, |r| CounterMsg::Slow(1, r)).await, Ok(1));
    n2.stop().await;
    let again = node(&net, "n2").await;
    // As many processes as before, so that the serial numbers come round again.
    let mut new = Vec::new();
    for _ in 0..20 {
        new.push(again.start_unnamed::<Counter>(()).await.unwrap());
    }
    again.connect(n1.name()).await.unwrap();
    assert_eq!(
        n1.call::<_, u64>(&old, CounterMsg::Keep).await,
        Err(CallError::NoProcess(n2.name().clone()))
    );
    n1.cast(&old, CounterMsg::Add(1)).await.unwrap();
    sleep(Duration::from_secs(1)).await;
    for address in &new {
        assert_eq!(n1.call(address, CounterMsg::Seen).await, Ok(vec![]));
    }
}

#[tokio::test(start_paused = true)]
async fn multi_call_names_the_dead_and_the_paused() {
    let net = MemoryNet::new(15);
    let [n1, n2, n3, n4] = cluster(&net).await;
    net.kill(n3.name());
    eventually("n3 is seen down", || n1.list().len() == 2).await;
    // Paused: connected, and silent.
    net.blackhole(n4.name(), n1.name());
    let everyone = [n1.name(), n2.name(), n3.name(), n4.name()].map(Clone::clone);
    let began = Instant::now();
    let all = n1
        .multi_call(&everyone, &COUNTER, Duration::from_secs(1), |r| {
            CounterMsg::Slow(9, r)
        })
        .await;
    assert!(began.elapsed() <= Duration::from_millis(1100));
    assert_eq!(
        all.answers.keys().collect::<Vec<_>>(),
        [n1.name(), n2.name()]
    );
    assert!(all.answers.values().all(|answer| *answer == 9));
    assert!(
        !all.failures[n3.name()].may_have_happened(),
        "{:?}",
        all.failures
    );
    assert_eq!(
        all.failures[n4.name()],
        CallError::Timeout(n4.name().clone())
    );
}

#[tokio::test(start_paused = true)]
async fn what_is_too_long_is_refused_on_the_side_that_sends_it() {
    let net = MemoryNet::new(16);
    let [n1, n2] = cluster(&net).await;
    let long = "x".repeat(17 << 20);
    assert!(
        n1.cast(&COUNTER.at(n2.name()), CounterMsg::Crash(long))
            .await
            .is_err()
    );
    let error = ask(&n1, &n2, |r| CounterMsg::Big(17 << 20, r))
        .await
        .unwrap_err();
    assert!(
        matches!(&error, CallError::BadAnswer(why) if why.contains("bytes")),
        "{error:?}"
    );
    assert_eq!(
        ask(&n1, &n2, |r| CounterMsg::Big(15 << 20, r))
            .await
            .unwrap()
            .len(),
        15 << 20
    );
    assert_eq!(
        n1.list(),
        [n2.name().clone()],
        "the connection is none the worse"
    );
}

#[tokio::test(start_paused = true)]
async fn a_bound_reply_cannot_be_sent_on_and_none_is_made_from_nothing() {
    assert!(
        runtime::wire::decode::<Reply<u64>>(&[0xf6])
            .unwrap_err()
            .to_string()
            .contains("delivered call")
    );
}

#[test]
fn what_keeps_a_message_from_being_sent_keeps_its_name_in_a_call() {
    let node = name("n1");
    for cast in [
        CastError::NoProcess(node.clone()),
        CastError::Unsendable("too long".into()),
        CastError::Stopped,
    ] {
        // A `match`, so that a new variant must be entered here.
        let expected = match &cast {
            CastError::NoProcess(node) => CallError::NoProcess(node.clone()),
            CastError::Unsendable(why) => CallError::Unsendable(why.clone()),
            CastError::Stopped => CallError::Stopped,
        };
        let call = CallError::from(cast.clone());
        assert_eq!(call, expected);
        assert_eq!(call.to_string(), cast.to_string());
        assert!(!call.may_have_happened(), "{call}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_stopped_node_says_that_it_was_stopped() {
    let net = MemoryNet::new(20);
    let [n1, n2] = cluster(&net).await;
    n1.stop().await;
    let cast = n1.cast(&COUNTER.at(n2.name()), CounterMsg::Add(1)).await;
    assert_eq!(cast, Err(CastError::Stopped));
    let call = ask(&n1, &n2, |r| CounterMsg::Slow(1, r)).await;
    assert_eq!(call, Err(CallError::Stopped));
}
