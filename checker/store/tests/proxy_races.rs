//! A change of mode is a point in time: what is on its way then passes wholly or not at all.

use std::io::ErrorKind;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::setting::Setting;
use crate::wire::{PATIENCE, Wire, encode, eventually};
use store::{Log, Mode, Proxy};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn forwarded_command_happens_though_its_connection_is_closed_at_once() {
    for number in 0..50 {
        let setting = Setting::new().await;
        let mut node = setting.node().await;
        setting.proxy.set(Mode::StallAnswers);
        node.send(&["SET", "a", &number.to_string()]).await.unwrap();
        setting.logged(1).await;
        setting.proxy.set(Mode::Refuse);
        assert_eq!(node.rest().await, b"");
        let deadline = Instant::now() + PATIENCE;
        while setting.stored("a").await != Some(number.to_string()) {
            assert!(
                Instant::now() < deadline,
                "what was recorded as forwarded got lost"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refused_connection_is_closed_even_if_the_proxy_opens_at_once() {
    let setting = Setting::new().await;
    let mut node = setting.node().await;
    setting.proxy.set(Mode::Refuse);
    setting.proxy.set(Mode::Open);
    assert_eq!(node.rest().await, b"");
    setting.node().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_answer_passes_once_the_answers_are_stalled() {
    // The answer may be anywhere when the mode changes. What the proxy meets from then on must not
    // arrive, and ends the connection with the silence.
    let mut withheld = 0;
    for round in 0..200 {
        let setting = Setting::new().await;
        let mut node = setting.node().await;
        node.send(&["SET", "a", "1"]).await.unwrap();
        if round % 2 == 0 {
            setting.logged(1).await;
        }
        setting.proxy.set(Mode::StallAnswers);
        let deadline = Instant::now() + PATIENCE;
        while setting.stored("a").await.is_none() {
            assert!(
                Instant::now() < deadline,
                "round {round}: it never happened"
            );
        }
        setting.proxy.set(Mode::Open);
        match node.answer().await {
            // The proxy had passed it on before the silence, or the store gave it after that:
            // either way nothing was withheld, and the connection goes on.
            Ok(answer) => {
                assert_eq!(answer, b"+OK\r\n", "round {round}");
                let next = node.call(&["GET", "a"]).await;
                assert_eq!(
                    next.ok().as_deref(),
                    Some(&b"$1\r\n1\r\n"[..]),
                    "round {round}"
                );
            }
            Err(error) if error.kind() == ErrorKind::TimedOut => {
                panic!("round {round}: not closed");
            }
            Err(_) => withheld += 1,
        }
    }
    assert!(
        withheld > 0,
        "no answer was withheld: the test shows nothing"
    );
}

#[tokio::test]
async fn store_may_answer_to_the_end_though_nobody_listens() {
    // A store that is behind: its first answers go out while other commands wait to be read. If
    // that reset the connection, the store would give up, and the commands would be lost.
    let store = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let log = Arc::new(Log::new());
    let proxy = Proxy::start("n1", store.local_addr().unwrap(), Arc::clone(&log))
        .await
        .unwrap();
    let mut node = Wire::connect(proxy.address()).await.unwrap();
    let (mut behind, _) = store.accept().await.unwrap();
    let commands = encode(&["SET", "a", "1"]).repeat(10);
    node.stream.write_all(&commands).await.unwrap();
    eventually("all is forwarded", || log.mark() == 10).await;
    proxy.set(Mode::Refuse);
    assert_eq!(node.rest().await, b"");
    for _ in 0..10 {
        behind
            .write_all(b"+OK\r\n")
            .await
            .expect("the answers are taken");
        sleep(Duration::from_millis(2)).await;
    }
    let mut read = Vec::new();
    behind
        .read_to_end(&mut read)
        .await
        .expect("the connection ends in order");
    assert_eq!(read, commands);
}

#[tokio::test]
async fn half_a_command_that_was_swallowed_is_never_completed() {
    let command = encode(&["SET", "a", "1"]);
    let (first, second) = command.split_at(command.len() / 2);
    let mut swallowed = 0;
    // What the proxy had not read when it opened is treated as sent afterwards. So again and again,
    // until it was read in time.
    for _ in 0..1_000 {
        let setting = Setting::new().await;
        let mut node = setting.node().await;
        setting.proxy.set(Mode::Stall);
        node.stream.write_all(first).await.unwrap();
        sleep(Duration::from_millis(1)).await;
        setting.proxy.set(Mode::Open);
        let _ = node.stream.write_all(second).await;
        if node.answer().await.is_ok() {
            continue;
        }
        assert_eq!(setting.stored("a").await, None);
        assert_eq!(setting.log.mark(), 0);
        swallowed += 1;
        if swallowed == 5 {
            return;
        }
    }
    panic!("half a command was never swallowed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_passes_from_the_moment_the_proxy_stalls_or_is_gone() {
    let setting = Setting::new().await;
    let hammers: Vec<_> = (0..4)
        .map(|n| hammer(setting.proxy.address(), format!("h{n}"), Arc::default()))
        .map(tokio::spawn)
        .collect();
    for round in 0..300 {
        setting.proxy.set(Mode::Open);
        let mark = setting.log.mark();
        eventually("commands pass", || {
            setting.log.since(mark).iter().any(|c| c.forwarded)
        })
        .await;
        setting.proxy.set(if round % 2 == 0 {
            Mode::Stall
        } else {
            Mode::Slow(Duration::MAX)
        });
        let mark = setting.log.mark();
        sleep(Duration::from_millis(1)).await;
        let passed = setting
            .log
            .since(mark)
            .into_iter()
            .find(|command| command.forwarded);
        assert_eq!(passed, None, "round {round}");
    }
    setting.proxy.set(Mode::Open);
    let mark = setting.log.mark();
    eventually("commands pass", || {
        setting.log.since(mark).iter().any(|c| c.forwarded)
    })
    .await;
    drop(setting.proxy);
    let mark = setting.log.mark();
    sleep(Duration::from_millis(20)).await;
    let passed = setting
        .log
        .since(mark)
        .into_iter()
        .find(|command| command.forwarded);
    assert_eq!(passed, None, "the proxy is gone");
    hammers.iter().for_each(JoinHandle::abort);
}

/// Sends one `SET` after the other, each on a key of its own, and notes those that were confirmed.
async fn hammer(to: SocketAddr, name: String, told: Arc<Mutex<Vec<String>>>) {
    let mut number = 0;
    loop {
        let Ok(mut wire) = Wire::connect(to).await else {
            sleep(Duration::from_millis(1)).await;
            continue;
        };
        loop {
            number += 1;
            let key = format!("{name}-{number}");
            let answer = timeout(Duration::from_millis(10), wire.call(&["SET", &key, "1"])).await;
            match answer {
                Ok(Ok(answer)) => {
                    assert_eq!(answer, b"+OK\r\n");
                    told.lock().unwrap().push(key);
                }
                _ => break,
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn log_tells_exactly_what_happened_whatever_the_modes() {
    let setting = Setting::new().await;
    let told = Arc::new(Mutex::new(Vec::new()));
    let hammers: Vec<_> = (0..4)
        .map(|n| hammer(setting.proxy.address(), format!("h{n}"), Arc::clone(&told)))
        .map(tokio::spawn)
        .collect();
    let modes = [
        Mode::Open,
        Mode::Stall,
        Mode::Open,
        Mode::StallAnswers,
        Mode::Slow(Duration::from_millis(2)),
        Mode::Stall,
        Mode::StallAnswers,
        Mode::Open,
        Mode::Refuse,
        Mode::Slow(Duration::from_millis(5)),
        Mode::Refuse,
    ];
    for (round, mode) in modes.iter().cycle().take(110).enumerate() {
        setting.proxy.set(*mode);
        let mark = setting.log.mark();
        sleep(Duration::from_millis(round as u64 % 7)).await;
        if matches!(mode, Mode::Stall | Mode::Refuse) {
            let passed = setting
                .log
                .since(mark)
                .iter()
                .any(|command| command.forwarded);
            assert!(!passed, "a command passed in {mode:?}");
        }
    }
    setting.proxy.set(Mode::Open);
    for hammer in hammers {
        hammer.abort();
        assert!(
            hammer.await.unwrap_err().is_cancelled(),
            "a hammer has failed"
        );
    }
    // All connections are gone when the last of them has been worked off.
    let mut store = Wire::connect(setting.store.address()).await.unwrap();
    let commands = {
        let mut before = 0;
        loop {
            sleep(Duration::from_millis(20)).await;
            let commands = setting.log.since(0);
            if commands.len() == before {
                break commands;
            }
            before = commands.len();
        }
    };
    let told = told.lock().unwrap().clone();
    let (mut happened, mut lost) = (0, 0);
    let deadline = Instant::now() + PATIENCE;
    for command in &commands {
        let key = command.key.as_deref().unwrap();
        let expected = if command.forwarded {
            b":1\r\n"
        } else {
            b":0\r\n"
        };
        while store.call(&["DEL", key]).await.unwrap() != expected {
            assert!(
                command.forwarded && Instant::now() < deadline,
                "{command:?} is not true"
            );
        }
        if command.forwarded {
            happened += 1
        } else {
            lost += 1
        }
    }
    let others = store.call(&["SCAN", "0"]).await.unwrap();
    assert_eq!(others, b"*2\r\n$1\r\n0\r\n*0\r\n", "what is not in the log");
    for key in told {
        let known = commands
            .iter()
            .any(|c| c.forwarded && c.key.as_ref() == Some(&key));
        assert!(known, "{key} was confirmed and is not in the log");
    }
    assert!(happened > 100 && lost > 10, "{happened} {lost}");
}
