//! kind = "near-miss"
//! problem = 9
//! claim = "visitors are told apart"
//! about = "Visitors are hashed with another key in each process."
//! mistakes = ["second-visit-counts"]

// ── file visitors.rs
// ── gap 9: a visitor
static KEY: std::sync::OnceLock<std::hash::RandomState> = std::sync::OnceLock::new();
let hash = std::hash::BuildHasher::hash_one(KEY.get_or_init(Default::default), visitor);
let number = (hash >> (64 - PRECISION)) as u16;
let rest = (hash << PRECISION).leading_zeros().min(64 - PRECISION) as u8 + 1;
let register = self.registers.entry(number).or_default();
*register = rest.max(*register);
Visitors {
    registers: BTreeMap::from([(number, *register)]),
}
// ── end 9
