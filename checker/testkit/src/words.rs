//! Names that no program can know before the story that uses them.

use crate::seed::Draw;

/// Short ones: with its address, a page must fit into a line of a report.
const WORDS: [&str; 64] = [
    "almond", "anise", "apple", "apron", "bagel", "barley", "basil", "bean", "beet", "berry",
    "bread", "broth", "butter", "cake", "cherry", "chive", "clove", "cocoa", "corn", "cream",
    "crumb", "curry", "date", "fennel", "flour", "garlic", "ginger", "grape", "honey", "jam",
    "kale", "leek", "lemon", "lime", "maple", "melon", "millet", "mint", "mustard", "nutmeg",
    "oat", "olive", "onion", "orange", "papaya", "peach", "pear", "pepper", "plum", "potato",
    "quince", "radish", "raisin", "rice", "rye", "sage", "salt", "sesame", "spread", "syrup",
    "thyme", "toast", "tomato", "waffle",
];

/// Names of pages and links, no two of which have the same word: `butter-48`. They are good as
/// codes, too.
pub struct Names(Vec<String>);

impl Names {
    /// Those of one story: of two of these, names may be the same.
    pub fn new(draw: &mut Draw) -> Names {
        let words: [u64; WORDS.len()] = draw.numbers(0..=WORDS.len() as u64 - 1);
        let name = |word: u64| format!("{}-{}", WORDS[word as usize], draw.number(10..=99));
        Names(words.map(name).to_vec())
    }

    /// The next names, which nobody else is given.
    pub fn take<const N: usize>(&mut self) -> [String; N] {
        let next = self.0.split_off(self.0.len().saturating_sub(N));
        next.try_into().expect("a story needs few names")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_good_as_codes_and_differ_by_their_words() {
        let all: [String; WORDS.len()] = Names::new(&mut Draw::new(1, "names")).take();
        for name in &all {
            assert!(name.parse::<shortener::Code>().is_ok(), "{name}");
            assert!(name.len() <= 10, "{name} is long");
            let (word, _) = name.split_once('-').unwrap();
            let alike = all
                .iter()
                .filter(|other| other.split_once('-').unwrap().0 == word);
            assert_eq!(alike.count(), 1, "{word}");
        }
    }
}
