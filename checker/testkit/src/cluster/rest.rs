//! Whether a cluster has come to rest: nothing is being said, and nobody has anything left to do.

use runtime::system::{NODE, NodeMsg};
use tokio::time::{Instant, sleep};

use super::{Cluster, LOOK, RUNTIME_PATIENCE};
use crate::scenario::{Stop, Told};

impl Cluster<'_> {
    /// Waits until all running nodes have handled all their messages and nothing is in flight,
    /// twice in a row with nothing sent in between. What has not happened by then does not
    /// happen by itself; only timers may still do something.
    ///
    /// # Errors
    /// Inconclusive, when there is no rest.
    pub async fn quiesce(&self) -> Told {
        let begun = Instant::now();
        let mut quiet_at = None;
        loop {
            let traffic = self.traffic();
            let unrest = self.unrest().await?;
            match unrest {
                // Something may have been sent while the nodes were asked, one after the other.
                None if quiet_at == Some(traffic) && self.traffic() == traffic => {
                    return Ok(());
                }
                None => quiet_at = Some(self.traffic()),
                Some(what) => {
                    quiet_at = None;
                    if begun.elapsed() > RUNTIME_PATIENCE {
                        self.healthy().await?;
                        return Err(Stop::inconclusive(format!(
                            "The cluster does not become quiet: {what}."
                        )));
                    }
                }
            }
            if begun.elapsed() > RUNTIME_PATIENCE + RUNTIME_PATIENCE {
                return Err(Stop::inconclusive(
                    "The cluster does not become quiet: its nodes keep sending messages.",
                ));
            }
            sleep(LOOK).await;
        }
    }

    fn traffic(&self) -> u64 {
        self.network().books(|books| books.traffic())
    }

    /// Something that is still to be done, if there is anything.
    async fn unrest(&self) -> Result<Option<String>, Stop> {
        for node in self.running() {
            let servers: Vec<(String, usize)> = self.ask_runtime(&node, NodeMsg::Servers).await?;
            for (server, unhandled) in servers {
                // The server that is being asked is busy with this very question.
                let own = usize::from(server == NODE.as_str());
                if unhandled > own {
                    return Ok(Some(format!(
                        "{node}'s {server} has {unhandled} messages to handle"
                    )));
                }
            }
        }
        let in_flight = self.network().in_flight();
        Ok((in_flight > 0).then(|| format!("{in_flight} frames are between the nodes")))
    }
}
