//! kind = "near-miss"
//! problem = 7
//! claim = "values are combined over many splits, files and nodes"
//! about = "The combiner adds up in 16 bits, which is enough for each word of the Bible and not for a word of 70,000 occurrences."

// ── file functions.rs
// ── replace
            return Some(self.reduce(key, values));
// ── with
            let counts = values
                .iter()
                .filter_map(|value| str::from_utf8(value).ok()?.parse::<u16>().ok());
            let sum = counts.fold(0_u16, u16::saturating_add);
            return Some(sum.to_string().into_bytes());
// ── end
