//! The network between the nodes, and between them and the store: relays, which can fall silent.
//!
//! A cut network does not close connections. Nothing arrives any more, and nobody is told; what is
//! on its way comes late, after the network is whole again, unless one side has given up.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};

use runtime::NodeName;
use runtime::directory::Resolve;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// Where all connections of one node go through, those to it as well as its own.
pub(crate) struct Relays {
    node: NodeName,
    whole: watch::Sender<bool>,
    /// By the node that they lead to.
    places: BTreeMap<NodeName, (SocketAddr, Target)>,
}

/// Where a relay leads. A node that is started again listens somewhere else.
type Target = Arc<Mutex<Option<SocketAddr>>>;

impl Relays {
    /// Relays for a node among these.
    pub(crate) async fn around(node: &NodeName, nodes: &[NodeName]) -> Relays {
        let whole = watch::Sender::new(true);
        let mut places = BTreeMap::new();
        for name in nodes {
            let target = Target::default();
            let address = relay(target.clone(), &whole).await;
            places.insert(name.clone(), (address, target));
        }
        Relays {
            node: node.clone(),
            whole,
            places,
        }
    }

    /// One more relay, to the store.
    pub(crate) async fn to(&self, port: u16) -> u16 {
        let target = Arc::new(Mutex::new(Some((Ipv4Addr::LOCALHOST, port).into())));
        relay(target, &self.whole).await.port()
    }

    /// Nothing comes through any more.
    pub(crate) fn cut(&self) {
        self.whole.send_replace(false);
    }

    /// All comes through again.
    pub(crate) fn heal(&self) {
        self.whole.send_replace(true);
    }
}

impl Resolve for Relays {
    fn answer(
        &self,
        asker: Option<&NodeName>,
        wanted: &NodeName,
        registered: SocketAddr,
    ) -> SocketAddr {
        if asker == Some(&self.node) || *wanted == self.node {
            self.places[wanted].0
        } else {
            registered
        }
    }

    fn registered(&self, name: &NodeName, address: SocketAddr) {
        *self.places[name].1.lock().unwrap() = Some(address);
    }
}

async fn relay(target: Target, whole: &watch::Sender<bool>) -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let whole = whole.subscribe();
    tokio::spawn(async move {
        loop {
            let Ok((one, _)) = listener.accept().await else {
                continue;
            };
            let (target, mut whole) = (target.clone(), whole.clone());
            tokio::spawn(async move {
                if whole.wait_for(|whole| *whole).await.is_err() {
                    return;
                }
                let target = *target.lock().unwrap();
                let Some(target) = target else { return };
                let Ok(other) = TcpStream::connect(target).await else {
                    return;
                };
                let _ = (one.set_nodelay(true), other.set_nodelay(true));
                let ((one_out, one_in), (other_out, other_in)) =
                    (one.into_split(), other.into_split());
                tokio::spawn(pass(one_out, other_in, whole.clone()));
                pass(other_out, one_in, whole).await;
            });
        }
    });
    address
}

async fn pass(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mut whole: watch::Receiver<bool>) {
    let mut bytes = [0; 16 * 1024];
    loop {
        let read = from.read(&mut bytes).await.unwrap_or(0);
        // The end of a connection does not come through either.
        if whole.wait_for(|whole| *whole).await.is_err() || read == 0 {
            return;
        }
        if to.write_all(&bytes[..read]).await.is_err() {
            return;
        }
    }
}
