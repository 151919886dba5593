//! What a person at a prompt wants to see of a cluster, and no scenario asks for.

use tokio::time::{Duration, timeout};

use super::{Cluster, Standing, lock};
use crate::guard::Ending;
use crate::network::Loss;
use crate::trace::{Change, LogLine};

/// How long a node may take to say whom it lists; a person waits.
const GLANCE: Duration = Duration::from_secs(1);

/// A node that ended although nobody had told it to.
pub struct Ended {
    pub node: String,
    pub how: Ending,
    pub last_lines: Vec<String>,
}

impl Cluster<'_> {
    /// The nodes that ended by themselves since this was asked last. They are taken for killed from now
    /// on, and so may be restarted.
    pub fn take_ended(&self) -> Vec<Ended> {
        let members = lock(&self.members);
        let alive = members
            .iter()
            .filter(|(_, member)| member.standing != Standing::Killed);
        let ended = alive.filter_map(|(node, member)| {
            Some(Ended {
                node: node.clone(),
                how: member.child.ending()?,
                last_lines: member.child.last_stderr_lines(5),
            })
        });
        let ended: Vec<Ended> = ended.collect();
        drop(members);
        for Ended { node, how, .. } in &ended {
            self.excuse_all(node);
            self.set_standing(node, Standing::Killed);
            self.tell_process(node, Change::Killed, format!("{node} {how}"));
        }
        ended
    }

    /// The connections that were lost for no reason since this was asked last.
    pub fn take_losses(&self) -> Vec<Loss> {
        self.network().books(|books| books.take_losses())
    }

    /// The nodes that a node lists, if it says so at once.
    pub async fn glance(&self, node: &str) -> Option<Vec<String>> {
        let list = timeout(GLANCE, self.list(node)).await.ok()?.ok()?;
        Some(list.into_iter().collect())
    }

    /// What a node wrote, oldest first; the last lines of it.
    pub fn logs_of(&self, node: &str) -> Vec<LogLine> {
        self.logs(&[node.to_owned()])
    }
}
