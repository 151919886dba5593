//! Knowledge that did not come over the network.

use testkit::diagnosis::Case;

pub(super) fn shares_a_disk(case: &Case) -> Option<String> {
    let (knows, _) = case
        .failure
        .seen
        .split_once(", and no message that could have told it came to ")?;
    Some(format!("{knows}, though no message had told it"))
}
