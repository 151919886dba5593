//! kind = "right"
//! about = "The ring is a sorted map of 512 places a node, by SHA-256."

// ── file ring.rs
// ── replace
ring: members.iter().flat_map(places).collect(),
// ── with
ring: members.iter().flat_map(places).step_by(2).collect(),
// ── end
// ── replace
DefaultHashBuilder.hash_one(of)
// ── with
let mut bytes = Bytes(Sha256::new());
of.hash(&mut bytes);
let hash = bytes.0.finalize();
u64::from_be_bytes(hash[..8].try_into().expect("a hash has 32 bytes"))
// ── end
// ── add
use sha2::{Digest, Sha256};

struct Bytes(Sha256);

impl std::hash::Hasher for Bytes {
    fn finish(&self) -> u64 {
        0
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }
}
// ── end
