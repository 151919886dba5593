//! A store for nodes that people start by hand.

use std::net::{Ipv4Addr, SocketAddr};

use ::store::Embedded;

use super::redis_server::RedisServer;
use super::{Plan, StoreChoice, on_path};
use crate::guard::{Guard, own_program};
use crate::run_dir::RunDir;
use crate::trouble::{Result, Trouble, While};

/// Runs a store until Ctrl-C, and calls `tell` with what it is and where, once it answers.
///
/// # Errors
/// When it cannot be started: most likely the port is taken.
pub async fn serve(
    port: u16,
    choice: &StoreChoice,
    tell: impl Fn(&str, SocketAddr) -> Result<()>,
) -> Result<()> {
    // A store that runs already need not be run.
    if let StoreChoice::Url(_) = choice {
        return Err(Trouble::new(
            "could not run the store at a URL: a store at a URL must already be running; choose embedded or redis",
        ));
    }
    let at = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let listen = || {
        format!(
            "listen on {at} (is another store running there? you can use that store, or choose another port with --port)"
        )
    };
    match choice.plan_with(None, on_path("redis-server"))? {
        Plan::Private { program, .. } => {
            // Redis would only say it in its log.
            let free = std::net::TcpListener::bind(at).or_trouble(listen)?;
            let port = free.local_addr().map_or(port, |at| at.port());
            drop(free);
            let run = RunDir::create()?;
            let folder = run.path().join("redis");
            let own = own_program()?;
            let guard = Guard::start(&own, &run)?;
            let server = RedisServer::start(&program, &guard, &folder, Some(port)).await?;
            let about = format!("a private redis-server ({})", server.version);
            let ended = match tell(&about, server.address) {
                Ok(()) => tokio::select! { biased;
                    ended = server.child.ended() => Err(Trouble::new(format!(
                        "could not keep the store up: redis-server {ended}"
                    ))),
                    told = told_to_end() => told,
                },
                Err(trouble) => Err(trouble),
            };
            guard.shutdown().await;
            ended
        }
        Plan::Embedded { why } => {
            let server = Embedded::start(at).await.or_trouble(listen)?;
            tell(&format!("the embedded one{why}"), server.address())?;
            told_to_end().await
        }
        Plan::Url { .. } => Err(Trouble::new("could not run a store that is given by a URL")),
    }
}

async fn told_to_end() -> Result<()> {
    tokio::signal::ctrl_c()
        .await
        .or_trouble(|| "wait for Ctrl-C")
}
