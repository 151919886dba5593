//! kind = "near-miss"
//! problem = 3
//! claim = "creations and lookups while owners are dead, cut off and silent, and the store fails"
//! about = "After a request without an answer, the entry does not ask that owner for five seconds, even if the owner is back."

// ── file links.rs
// ── after
    owners: Owners,
    views: Arc<Views>,
// ── add
/// When each node was last found out of reach.
failed: Arc<Mutex<BTreeMap<NodeName, Instant>>>,
// ── end
// ── replace
            owned,
            owners,
            views,
// ── with
owned,
owners,
views,
failed: Arc::default(),
// ── end
// ── replace
        let asked = self
            .run_on(owner, function, args.clone(), OWNER_TIMEOUT)
            .await;
// ── with
// Not every visitor has to wait for a node that is gone.
let asked = if self.has_failed(owner) {
    Err("it did not answer a moment ago".to_owned())
} else {
    let asked = self
        .run_on(owner, function, args.clone(), OWNER_TIMEOUT)
        .await;
    if asked.is_err() {
        self.note_failure(owner);
    }
    asked
};
// ── end

// ── add
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use tokio::time::Instant;

/// How long a node is not asked again.
const BREAK: Duration = Duration::from_secs(5);

impl Links {
    fn has_failed(&self, node: &NodeName) -> bool {
        let failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        failed.get(node).is_some_and(|since| since.elapsed() < BREAK)
    }

    fn note_failure(&self, node: &NodeName) {
        let mut failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        failed.insert(node.clone(), Instant::now());
    }
}
// ── end
