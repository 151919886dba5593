//! kind = "near-miss"
//! problem = 8
//! claim = "who knows nearly everything is told little"
//! about = "What is known is compared in four parts."
//! mistakes = ["parts-too-large"]

// ── file views.rs
// ── gap 8: parts
const PARTS: usize = 4;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Summary(Vec<u64>);

fn part_of(code: &Code) -> usize {
    let hash = Sha256::new_with_prefix(code.as_str());
    (first_bytes(hash) % PARTS as u64) as usize
}

fn first_bytes(hash: Sha256) -> u64 {
    let bytes = hash.finalize();
    u64::from_be_bytes(bytes[..8].try_into().expect("a hash has 32 bytes"))
}
// ── end 8
