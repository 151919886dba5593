//! The store of a simulated cluster: the tasks that serve it to each node.

use std::collections::BTreeMap;
use std::ops::Deref;
use std::sync::{Arc, Mutex, PoisonError};

use ::store::{Log, Simulated};
use runtime::gate::Streams;
use tokio::task::JoinSet;

/// A store within a simulation, and a port of it for each node.
pub(crate) struct StoreInMemory {
    store: Arc<Simulated>,
    streams: Streams,
    ports: Mutex<BTreeMap<String, u16>>,
    serving: Mutex<JoinSet<()>>,
}

impl StoreInMemory {
    pub(crate) fn new(streams: &Streams, log: Arc<Log>) -> StoreInMemory {
        StoreInMemory {
            store: Arc::new(Simulated::new(log)),
            streams: streams.clone(),
            ports: Mutex::default(),
            serving: Mutex::default(),
        }
    }

    /// The port at which a node finds the store.
    pub(crate) fn port_for(&self, node: &str) -> u16 {
        let mut ports = self.ports.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(port) = ports.get(node) {
            return *port;
        }
        let mut listening = self.streams.listen();
        let port = listening.port();
        let (store, node) = (Arc::clone(&self.store), node.to_owned());
        ports.insert(node.clone(), port);
        let mut serving = self.serving.lock().unwrap_or_else(PoisonError::into_inner);
        serving.spawn(async move {
            let mut connections = JoinSet::new();
            loop {
                let connection = listening.accept().await;
                let (store, node) = (Arc::clone(&store), node.clone());
                connections.spawn(async move { store.serve(&node, connection).await });
                while connections.try_join_next().is_some() {}
            }
        });
        port
    }
}

impl Deref for StoreInMemory {
    type Target = Simulated;

    fn deref(&self) -> &Simulated {
        &self.store
    }
}
