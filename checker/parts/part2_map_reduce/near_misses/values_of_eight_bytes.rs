//! kind = "right"
//! about = "Values are numbers of eight bytes, and keys are hashed in another way."

// ── file functions.rs
// ── replace
emit(word, b"1");
// ── with
emit(word, &1_u64.to_le_bytes());
// ── end
// ── replace
let counts = values
    // …
counts.sum::<u64>().to_string().into_bytes()
// ── with
sum(values).to_string().into_bytes()
// ── end
// ── replace
return Some(self.reduce(key, values));
// ── with
return Some(sum(values).to_le_bytes().to_vec());
// ── end
// ── replace
let hash = key.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
    // …
});
// ── with
let hash = key.iter().fold(5381_u64, |hash, byte| hash.wrapping_mul(33).wrapping_add(u64::from(*byte)));
// ── end
// ── add
fn sum(values: &[&[u8]]) -> u64 {
    let numbers = values.iter().filter_map(|value| Some(u64::from_le_bytes((*value).try_into().ok()?)));
    numbers.sum()
}
// ── end
