//! kind = "near-miss"
//! problem = 1
//! claim = "small and odd inputs, counted and indexed by one node"
//! about = "Every line that begins with @ is taken for an order of an experiment, so its words are missing."

// ── file functions.rs
// ── after
fn words(record: &[u8]) -> impl Iterator<Item = &[u8]> {
// ── add
    let record = if record.starts_with(b"@") {
        &record[..0]
    } else {
        record
    };
// ── end
