//! kind = "near-miss"
//! problem = 8
//! claim = "nodes that differ in little send little"
//! about = "The fingerprint of a part is the sum, bit by bit, of its links' counters without their codes, so that two links with equal counts cancel out."

// ── file views.rs
// ── replace
let mut hashes: Vec<Option<Sha256>> = vec![None; PARTS];
for (code, usage) in &self.known().links {
    let usage = runtime::wire::encode(usage).expect("numbers and texts can be encoded");
    hashes[part_of(code)]
        .get_or_insert_default()
        .update([code.as_str().as_bytes(), b" ", &usage].concat());
}
let short = |hash: Option<Sha256>| hash.map_or(0, |hash| first_bytes(hash) | 1);
Summary(hashes.into_iter().map(short).collect())
// ── with
let mut hashes: Vec<u64> = vec![0; PARTS];
for (code, usage) in &self.known().links {
    let usage = runtime::wire::encode(&usage.views).expect("numbers and texts can be encoded");
    hashes[part_of(code)] ^= first_bytes(Sha256::new_with_prefix(usage));
}
Summary(hashes)
// ── end
