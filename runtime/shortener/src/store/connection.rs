//! The connection of a node to its store: made when it is needed, and made anew after a failure.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, ConnectionAddr, RedisError};
use runtime::Gate;
use tokio::sync::Mutex;
use tokio::time::{Instant, sleep_until, timeout};

/// How long one try to connect may take, authentication included.
const CONNECT_TIMEOUT: Duration = Duration::from_millis(300);

/// The pause after a first try that failed. It doubles with each further one.
const FIRST_PAUSE: Duration = Duration::from_millis(25);

/// The longest pause between two tries.
const MAX_PAUSE: Duration = Duration::from_millis(200);

/// One connection at a time, which all commands of a node share.
///
/// For whatever reason an attempt to connect fails (no server listens, the password is refused, the database does not
/// exist), the next command makes another attempt, after a pause.
pub(super) struct Connection {
    client: Client,
    /// The gate of the node that uses it, if that is simulated: a task of the node's own, by which it may
    /// connect, has none.
    gate: Option<Gate>,
    /// The connection that is in use, with its number.
    current: RwLock<Option<(u64, MultiplexedConnection)>>,
    /// How many tries have failed.
    failures: AtomicU64,
    /// The command that holds this lock connects; the others wait for the result.
    connecting: Mutex<Connecting>,
}

struct Connecting {
    /// How many connections there have been.
    made: u64,
    /// When the next try may begin.
    next: Instant,
    /// The pause after it, if it fails.
    pause: Duration,
    /// Why the last try failed.
    error: Option<RedisError>,
}

impl Connection {
    /// A connection to a store that need not be up.
    pub(super) fn to(client: Client) -> Connection {
        Connection {
            client,
            gate: Gate::current(),
            current: RwLock::default(),
            failures: AtomicU64::new(0),
            connecting: Mutex::new(Connecting {
                made: 0,
                next: Instant::now(),
                pause: FIRST_PAUSE,
                error: None,
            }),
        }
    }

    /// The connection, and its number. Connects if there is none; a try that is under way, or waits
    /// for its turn, is shared by all callers.
    pub(super) async fn get(&self) -> Result<(u64, MultiplexedConnection), RedisError> {
        if let Some(current) = self.current() {
            return Ok(current);
        }
        let failures = self.failures.load(Ordering::Acquire);
        let mut connecting = self.connecting.lock().await;
        if let Some(current) = self.current() {
            return Ok(current);
        }
        if let Some(error) = &connecting.error
            && self.failures.load(Ordering::Acquire) != failures
        {
            return Err(error.clone());
        }
        sleep_until(connecting.next).await;
        match self.connect().await {
            Ok(connection) => {
                connecting.made += 1;
                connecting.pause = FIRST_PAUSE;
                let current = (connecting.made, connection);
                *self.current.write().unwrap_or_else(PoisonError::into_inner) =
                    Some(current.clone());
                Ok(current)
            }
            Err(error) => {
                connecting.next = Instant::now() + connecting.pause;
                connecting.pause = MAX_PAUSE.min(connecting.pause * 2);
                connecting.error = Some(error.clone());
                self.failures.fetch_add(1, Ordering::Release);
                Err(error)
            }
        }
    }

    async fn connect(&self) -> Result<MultiplexedConnection, RedisError> {
        // Other code waits for the answers.
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(CONNECT_TIMEOUT))
            .set_response_timeout(None);
        let Some(gate) = &self.gate else {
            let connected = self
                .client
                .get_multiplexed_async_connection_with_config(&config);
            return connected.await;
        };
        // A simulated node has no sockets.
        let to = self.client.get_connection_info();
        let port = match to.addr() {
            ConnectionAddr::Tcp(_, port) => *port,
            _ => 0,
        };
        let stream = gate.streams().connect(port)?;
        let connecting =
            MultiplexedConnection::new_with_config(to.redis_settings(), stream, config);
        let Ok(connected) = timeout(CONNECT_TIMEOUT, connecting).await else {
            return Err(std::io::Error::from(std::io::ErrorKind::TimedOut).into());
        };
        let (connection, driver) = connected?;
        gate.own(tokio::spawn(gate.guard(driver)).abort_handle());
        Ok(connection)
    }

    /// Does not use the connection of this number any more. Commands that wait on it go on waiting.
    pub(super) fn forget(&self, number: u64) {
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        current.take_if(|(in_use, _)| *in_use == number);
    }

    fn current(&self) -> Option<(u64, MultiplexedConnection)> {
        let current = self.current.read().unwrap_or_else(PoisonError::into_inner);
        current.clone()
    }
}
