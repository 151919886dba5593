//! One node before one store, with a proxy between them.

#![allow(dead_code, reason = "each test binary uses some of it")]

use std::net::Ipv4Addr;
use std::sync::Arc;

use store::{Command, Embedded, Log, Proxy};

use crate::wire::{Wire, eventually};

/// A store, a node's way to it, and a way past the proxy.
pub(crate) struct Setting {
    pub(crate) store: Embedded,
    pub(crate) proxy: Proxy,
    pub(crate) log: Arc<Log>,
}

impl Setting {
    pub(crate) async fn new() -> Setting {
        let store = Embedded::start((Ipv4Addr::LOCALHOST, 0).into())
            .await
            .unwrap();
        let log = Arc::new(Log::new());
        let proxy = Proxy::start("n1", store.address(), Arc::clone(&log))
            .await
            .unwrap();
        Setting { store, proxy, log }
    }

    /// A connection of the node, which has already been served.
    pub(crate) async fn node(&self) -> Wire {
        let mut wire = Wire::connect(self.proxy.address()).await.unwrap();
        assert_eq!(wire.call(&["PING"]).await.unwrap(), b"+PONG\r\n");
        wire
    }

    /// What the store holds, asked past the proxy.
    pub(crate) async fn stored(&self, key: &str) -> Option<String> {
        let mut wire = Wire::connect(self.store.address()).await.unwrap();
        let answer = String::from_utf8(wire.call(&["GET", key]).await.unwrap()).unwrap();
        answer
            .split("\r\n")
            .nth(1)
            .filter(|value| !value.is_empty())
            .map(str::to_owned)
    }

    pub(crate) fn recorded(&self, mark: u64) -> Vec<(String, Option<String>, bool)> {
        let short = |command: Command| (command.name, command.key, command.forwarded);
        self.log.since(mark).into_iter().map(short).collect()
    }

    /// Waits until so many commands are in the log.
    pub(crate) async fn logged(&self, count: u64) {
        eventually("the commands are in the log", || self.log.mark() >= count).await;
    }
}
