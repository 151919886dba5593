//! kind = "near-miss"
//! problem = 2
//! claim = "creations and lookups on all nodes while members come and go and links expire"
//! about = "The entry remembers for a second that a code is unknown, to spare the owner: a link that another node creates meanwhile is answered with 404 there."

// ── file links.rs
// ── replace
    owners: Owners,
    views: Arc<Views>,
}
// ── with
    owners: Owners,
    views: Arc<Views>,
    unknown: Arc<Mutex<BTreeMap<Code, Instant>>>,
}
// ── end
// ── replace
            owners,
            views,
        }
// ── with
            owners,
            views,
            unknown: Arc::default(),
        }
// ── end

// ── replace
                Claim::Claimed(code) | Claim::Known(code, _) => return Ok(code),
// ── with
                Claim::Claimed(code) | Claim::Known(code, _) => {
                    self.is_there(&code);
                    return Ok(code);
                }
// ── end
// ── replace
        let found = self.find(code.clone()).await;
// ── with
        if self.was_unknown(&code) {
            return Err(Refusal::NotFound);
        }
        let found = self.find(code.clone()).await;
        if found == Err(Refusal::NotFound) {
            self.is_unknown(&code);
        }
// ── end

// ── add
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use tokio::time::Instant;

/// How long a code is unknown.
const UNKNOWN_FOR: Duration = Duration::from_secs(1);

impl Links {
    /// Whether the code was unknown a moment ago.
    fn was_unknown(&self, code: &Code) -> bool {
        let mut unknown = self.unknown.lock().unwrap_or_else(PoisonError::into_inner);
        unknown.retain(|_, since| since.elapsed() < UNKNOWN_FOR);
        unknown.contains_key(code)
    }

    /// Remembers that a code is unknown.
    fn is_unknown(&self, code: &Code) {
        let mut unknown = self.unknown.lock().unwrap_or_else(PoisonError::into_inner);
        unknown.insert(code.clone(), Instant::now());
    }

    /// This node has just created the link.
    fn is_there(&self, code: &Code) {
        let mut unknown = self.unknown.lock().unwrap_or_else(PoisonError::into_inner);
        unknown.remove(code);
    }
}
// ── end
