//! kind = "near-miss"
//! problem = 8
//! claim = "who knows nearly everything is told little"
//! about = "What is known is compared as a whole."
//! mistakes = ["parts-too-large"]

// ── file views.rs
// ── gap 8: parts
const PARTS: usize = 1;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Summary(Vec<u64>);

fn part_of(_: &Code) -> usize {
    0
}

fn first_bytes(hash: Sha256) -> u64 {
    let bytes = hash.finalize();
    u64::from_be_bytes(bytes[..8].try_into().expect("a hash has 32 bytes"))
}
// ── end 8
