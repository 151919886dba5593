//! What the teacher decides before grading: seeds, repeats, and how points are counted.

use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use testkit::plain_file::{self, MAX_TEXT};
use testkit::trouble::{Result, Trouble, While};

/// What a policy file says. Everything in it may be left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Policy {
    /// Whether all students get the same seed.
    pub seeds: Seeds,
    /// Under how many seeds each scenario must pass.
    pub rounds: u32,
    /// How often a problem is graded at most, until it passes.
    pub attempts: u32,
    /// How points are counted.
    pub points: Counted,
    /// How long one attempt at a part may take.
    pub minutes: u32,
}

/// Whether all students get the same seed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Seeds {
    /// One seed for each part.
    Equal,
    /// One seed for each part and student.
    PerStudent,
}

/// How points are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Counted {
    /// All or nothing for each problem.
    Problem,
    /// Each scenario has an equal share of its problem.
    Scenario,
}

impl Default for Policy {
    fn default() -> Policy {
        Policy {
            seeds: Seeds::Equal,
            rounds: 1,
            attempts: 2,
            points: Counted::Problem,
            minutes: 10,
        }
    }
}

impl Policy {
    /// Reads a policy file.
    ///
    /// # Errors
    /// When it cannot be read, or says what no policy can say.
    pub fn read(file: &Path) -> Result<Policy> {
        let text = plain_file::read_text(file, MAX_TEXT);
        let text = text.or_trouble(|| format!("read {}", file.display()))?;
        Policy::parse(&text).or_trouble(|| format!("understand {}", file.display()))
    }

    fn parse(text: &str) -> std::result::Result<Policy, String> {
        let policy: Policy = toml::from_str(text).map_err(|error| error.to_string())?;
        let counts = [
            ("rounds", policy.rounds),
            ("attempts", policy.attempts),
            ("minutes", policy.minutes),
        ];
        match counts.iter().find(|(_, count)| *count == 0) {
            Some((name, _)) => Err(format!("{name} must be 1 or more")),
            None => Ok(policy),
        }
    }
}

/// What seeds are made of, and what no student knows.
#[derive(Debug, Clone)]
pub struct Secret(Vec<u8>);

impl Secret {
    /// The content of a file.
    ///
    /// # Errors
    /// When it cannot be read, or is too short to keep anything secret.
    pub fn read(file: &Path) -> Result<Secret> {
        let bytes = plain_file::read(file, MAX_TEXT);
        let bytes = bytes.or_trouble(|| format!("read the secret in {}", file.display()))?;
        let secret = bytes.trim_ascii().to_vec();
        if secret.len() < 8 {
            return Err(Trouble::new(format!(
                "could not use the secret in {}: it must have 8 characters or more",
                file.display()
            )));
        }
        Ok(Secret(secret))
    }

    /// The secret of an output folder, made when it is first asked for.
    ///
    /// # Errors
    /// When it can be neither read nor made.
    pub fn kept_in(folder: &Path) -> Result<Secret> {
        use std::io::Write;
        use std::os::unix::fs::OpenOptionsExt;
        let file = folder.join("secret");
        if file.exists() {
            return Secret::read(&file);
        }
        let doing = || format!("write {}", file.display());
        let number = |()| getrandom::u64().or_trouble(|| "get random numbers");
        let text = format!("{:016x}{:016x}\n", number(())?, number(())?);
        let mut options = std::fs::OpenOptions::new();
        let mut new = options
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&file)
            .or_trouble(doing)?;
        new.write_all(text.as_bytes()).or_trouble(doing)?;
        new.sync_all().or_trouble(doing)?;
        Secret::read(&file)
    }

    /// The seed of a part, and of a student if each has one. It has 48 bits, which all readers of JSON keep.
    pub fn seed(&self, part: &str, student: &str, seeds: Seeds) -> u64 {
        let student = match seeds {
            Seeds::Equal => "",
            Seeds::PerStudent => student,
        };
        let digest = digest([&*self.0, part.as_bytes(), student.as_bytes()]);
        let bytes: [u8; 8] = std::array::from_fn(|place| digest[place]);
        u64::from_be_bytes(bytes) >> 16
    }
}

/// A hash of several texts, which differs where they are split otherwise.
pub(crate) fn digest<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}

/// The first half of a hash, as text.
pub(crate) fn hex(digest: &[u8; 32]) -> String {
    let bytes = digest.iter().take(16);
    bytes.map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn policy_may_leave_everything_out() {
        assert_eq!(Policy::parse("").unwrap(), Policy::default());
        let policy = Policy::parse("points = \"scenario\"\nattempts = 3").unwrap();
        assert_eq!((policy.points, policy.attempts), (Counted::Scenario, 3));
    }

    #[test]
    fn policy_with_nonsense_is_refused() {
        assert!(Policy::parse("tries = 3").is_err());
        assert_eq!(
            Policy::parse("rounds = 0").unwrap_err(),
            "rounds must be 1 or more"
        );
    }

    #[test]
    fn seed_follows_from_the_secret_and_is_equal_for_all_or_per_student() {
        let secret = Secret(b"correct horse".to_vec());
        let seed = |student, seeds| secret.seed("part1", student, seeds);
        assert_eq!(seed("ada", Seeds::Equal), seed("bob", Seeds::Equal));
        assert_ne!(
            seed("ada", Seeds::PerStudent),
            seed("bob", Seeds::PerStudent)
        );
        assert_ne!(
            secret.seed("part1", "", Seeds::Equal),
            secret.seed("part2", "", Seeds::Equal)
        );
        assert_ne!(
            seed("ada", Seeds::Equal),
            Secret(b"battery staple".to_vec()).seed("part1", "ada", Seeds::Equal)
        );
        assert!(seed("ada", Seeds::Equal) < 1 << 48);
    }

    #[test]
    fn secret_of_a_folder_stays_the_same_and_is_private() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let seed = || {
            let secret = Secret::kept_in(folder.path()).unwrap();
            secret.seed("part1", "ada", Seeds::Equal)
        };
        assert_eq!(seed(), seed());
        let file = std::fs::metadata(folder.path().join("secret")).unwrap();
        assert_eq!(file.permissions().mode() & 0o777, 0o600);
    }
}
