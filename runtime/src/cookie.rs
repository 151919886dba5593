//! The shared secret that keeps strangers' nodes apart.

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A secret that two nodes must share before they connect.
///
/// In the handshake each side proves that it knows the cookie; the cookie itself is never sent.
///
/// A cookie protects against **accidents and passers-by**: the thirty clusters of a classroom do
/// not grow together by mistake, and another user of the same machine, who cannot read your
/// files, cannot join your cluster or tell your nodes what to do.
///
/// It does *not* make a cluster safe on a network that you do not trust:
/// - Nothing is **encrypted**. A program that sees the packets can read every message.
/// - Only the handshake is authenticated, **the frames after it are not**. An attacker that can
///   change packets can let two nodes finish the handshake and then send what it likes.
/// - An attacker that recorded one handshake, or was dialed once, can **guess cookies offline**,
///   millions in a second. Thirty-two random bytes withstand that; `secret` and your dog's name
///   do not.
/// - A user who can **read the cookie's file**, or run programs as you, has the cookie.
/// - A node that has the cookie may do **everything**: there are no lesser rights.
///
/// That is why nodes listen on the loopback address unless told otherwise. Between machines, put
/// a tunnel around them (WireGuard, SSH) or mutual TLS.
///
/// ```
/// use runtime::{Cookie, CookieError};
///
/// assert_eq!(Cookie::from_text(" chocolate\n")?.reveal(), "chocolate");
/// assert!(matches!(Cookie::from_text(""), Err(CookieError::Empty)));
/// # Ok::<(), CookieError>(())
/// ```
///
/// # Not promised
/// Encryption, or authenticated frames: see above.
///
/// # Source
/// Erlang's magic cookies. The handshake uses HMAC (RFC 2104) with SHA-256 as a challenge and response.
#[derive(Clone)]
pub struct Cookie(Arc<str>);

/// The longest cookie, in bytes.
const LONGEST: usize = 255;

/// The name of the cookie's file in the home directory.
const FILE_NAME: &str = ".distributed-systems-training-cookie";

/// The environment variable that names another file.
const FILE_VARIABLE: &str = "COOKIE_FILE";

/// The permission bits of everyone but the owner.
const OTHERS: u32 = 0o077;

impl Cookie {
    /// The cookie with the given text, without the white space around it.
    ///
    /// # Errors
    /// A cookie has 1 to 255 bytes, and no control characters: a line break in the middle is
    /// nearly always two cookies in one file.
    pub fn from_text(text: impl Into<String>) -> Result<Cookie, CookieError> {
        let text = text.into();
        let text = text.trim();
        if text.is_empty() {
            Err(CookieError::Empty)
        } else if text.len() > LONGEST {
            Err(CookieError::TooLong(text.len()))
        } else if text.chars().any(char::is_control) {
            Err(CookieError::ControlCharacter)
        } else {
            Ok(Cookie(text.into()))
        }
    }

    /// This user's own cookie, and the file that it stands in; made on the first call.
    ///
    /// The file is the one that the environment variable `COOKIE_FILE` names, else
    /// `.distributed-systems-training-cookie` in the directory that `HOME` names. This function is
    /// the only place that reads these variables. A new cookie is 32 random bytes from the
    /// operating system, in hexadecimal digits, in a file that only its owner may read. Two nodes
    /// that start at the same moment end with the same cookie.
    ///
    /// # Errors
    /// When there is no home directory, the file can be neither read nor made, others may read
    /// it, or what stands in it is no cookie.
    pub fn load_or_create() -> Result<(Cookie, PathBuf), CookieError> {
        let set = |name| {
            std::env::var_os(name)
                .filter(|value| !value.is_empty())
                .map(PathBuf::from)
        };
        let path = match set(FILE_VARIABLE) {
            Some(path) => path,
            None => set("HOME").ok_or(CookieError::NoHome)?.join(FILE_NAME),
        };
        Cookie::load_or_create_at(&path).map(|cookie| (cookie, path))
    }

    /// The text of the cookie.
    ///
    /// For showing it to its owner, or for handing it to a process of the owner. It belongs neither
    /// into a log nor on a command line, which every user of the machine can list.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    fn load_or_create_at(path: &Path) -> Result<Cookie, CookieError> {
        match File::open(path) {
            Ok(file) => Cookie::load(&file, path),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                create(path).map_err(|error| CookieError::file("make", path, error))?;
                // Read it back instead of using what was just written: another node may have
                // been the first, and then its cookie counts.
                let file =
                    File::open(path).map_err(|error| CookieError::file("read", path, error))?;
                Cookie::load(&file, path)
            }
            Err(error) => Err(CookieError::file("read", path, error)),
        }
    }

    fn load(file: &File, path: &Path) -> Result<Cookie, CookieError> {
        let unreadable = |error| CookieError::file("read", path, error);
        // Ask the open file, not the path: the path may mean another file by now.
        let about = file.metadata().map_err(unreadable)?;
        if !about.is_file() {
            return Err(unreadable(io::Error::other("it is not a regular file")));
        }
        let mode = about.permissions().mode() & 0o777;
        if mode & OTHERS != 0 {
            return Err(CookieError::OpenToOthers {
                path: path.into(),
                mode,
            });
        }
        // A few more bytes than a cookie may have, so that a huge file is neither read whole nor
        // silently cut.
        let mut text = String::new();
        file.take(4 * LONGEST as u64)
            .read_to_string(&mut text)
            .map_err(unreadable)?;
        Cookie::from_text(text).map_err(|why| CookieError::InFile {
            path: path.into(),
            why: why.into(),
        })
    }
}

/// Shows that there is a cookie, but never its text: cookies must not end up in logs.
impl fmt::Debug for Cookie {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Cookie(hidden)")
    }
}

/// Makes a new cookie's file at `path`, unless another node was faster.
///
/// The file is written under a name of its own first and then *linked* to its place, which fails
/// if the place is taken. So the file is never seen half written, and never written twice.
fn create(path: &Path) -> io::Result<()> {
    let text = hex(&random()?);
    let draft = path.with_added_extension(&hex(&random()?)[..16]);
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&draft)?;
    let outcome = file
        .write_all(format!("{text}\n").as_bytes())
        .and_then(|()| file.sync_all())
        .and_then(|()| fs::hard_link(&draft, path));
    // A draft that remains does no harm: it is as secret as the cookie's file.
    let _ = fs::remove_file(&draft);
    match outcome {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        outcome => outcome,
    }
}

fn random() -> io::Result<[u8; 32]> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|error| io::Error::other(error.to_string()))?;
    Ok(bytes)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Why there is no cookie.
#[derive(Debug)]
pub enum CookieError {
    /// It is empty, apart from white space.
    Empty,
    /// It has more than 255 bytes: this many.
    TooLong(usize),
    /// There is a control character in it, a line break for instance.
    ControlCharacter,
    /// What stands in the file is no cookie.
    InFile {
        /// The file.
        path: PathBuf,
        /// What is wrong with its content.
        why: Box<CookieError>,
    },
    /// Users other than the owner have rights to the file.
    OpenToOthers {
        /// The file.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// The file can be neither read nor made.
    File {
        /// What was tried: `read` or `make`.
        tried: &'static str,
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        error: io::Error,
    },
    /// Neither `COOKIE_FILE` nor `HOME` is set.
    NoHome,
}

impl CookieError {
    fn file(tried: &'static str, path: &Path, error: io::Error) -> Self {
        CookieError::File {
            tried,
            path: path.into(),
            error,
        }
    }
}

impl fmt::Display for CookieError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CookieError::Empty => f.write_str("the cookie is empty"),
            CookieError::TooLong(bytes) => {
                write!(
                    f,
                    "the cookie is too long: at least {bytes} bytes, and {LONGEST} are allowed"
                )
            }
            CookieError::ControlCharacter => {
                f.write_str("the cookie contains a line break or another control character")
            }
            CookieError::InFile { path, why } => {
                let path = path.display();
                write!(
                    f,
                    "{why}, in the file {path}: write one line of text into it, or remove it with `rm '{path}'` and a new one will be made"
                )
            }
            CookieError::OpenToOthers { path, mode } => {
                let path = path.display();
                write!(
                    f,
                    "other users may use the cookie's file {path} (its mode is {mode:03o}), so it is no secret: run `chmod 600 '{path}'`"
                )
            }
            CookieError::File { tried, path, error } => {
                write!(
                    f,
                    "cannot {tried} the cookie's file {}: {error}",
                    path.display()
                )
            }
            CookieError::NoHome => {
                write!(
                    f,
                    "there is no place for a cookie's file: set HOME, or name a file with {FILE_VARIABLE}"
                )
            }
        }
    }
}

impl std::error::Error for CookieError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            CookieError::InFile { why, .. } => Some(why),
            CookieError::File { error, .. } => Some(error),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;

    use super::*;

    /// A directory of this test's own, removed when dropped.
    struct Folder(PathBuf);

    impl Folder {
        fn new() -> Self {
            let path = std::env::temp_dir()
                .join(format!("cookie-test-{}", &hex(&random().unwrap())[..16]));
            fs::create_dir(&path).unwrap();
            Folder(path)
        }

        fn file(&self) -> PathBuf {
            self.0.join("cookie")
        }

        fn with(text: &[u8], mode: u32) -> Self {
            let folder = Folder::new();
            let mut file = OpenOptions::new()
                .write(true)
                .create_new(true)
                .open(folder.file())
                .unwrap();
            file.write_all(text).unwrap();
            file.set_permissions(fs::Permissions::from_mode(mode))
                .unwrap();
            folder
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn white_space_around_a_cookie_does_not_count() {
        assert_eq!(
            Cookie::from_text(" chocolate chip\n").unwrap().reveal(),
            "chocolate chip"
        );
    }

    #[test]
    fn texts_that_cannot_be_cookies_are_refused() {
        assert!(matches!(Cookie::from_text(""), Err(CookieError::Empty)));
        assert!(matches!(
            Cookie::from_text(" \n\t"),
            Err(CookieError::Empty)
        ));
        assert!(matches!(
            Cookie::from_text("two\nlines"),
            Err(CookieError::ControlCharacter)
        ));
        assert!(matches!(
            Cookie::from_text("nul\0"),
            Err(CookieError::ControlCharacter)
        ));
        assert!(matches!(
            Cookie::from_text("x".repeat(256)),
            Err(CookieError::TooLong(256))
        ));
        assert!(Cookie::from_text("x".repeat(255)).is_ok());
    }

    #[test]
    fn debug_output_hides_the_cookie() {
        let cookie = Cookie::from_text("chocolate").unwrap();
        assert!(!format!("{cookie:?} {:#?}", Some(&cookie)).contains("chocolate"));
    }

    #[test]
    fn first_start_makes_a_secret_file_and_the_next_reads_it() {
        let folder = Folder::new();
        let first = Cookie::load_or_create_at(&folder.file()).unwrap();
        assert_eq!(first.reveal().len(), 64);
        assert_eq!(
            fs::metadata(folder.file()).unwrap().permissions().mode() & 0o777,
            0o600
        );
        assert_eq!(
            Cookie::load_or_create_at(&folder.file()).unwrap().reveal(),
            first.reveal()
        );
        assert_eq!(
            fs::read_dir(&folder.0).unwrap().count(),
            1,
            "the draft must be gone"
        );
    }

    #[test]
    fn two_users_get_different_cookies() {
        let [one, two] = [Folder::new(), Folder::new()]
            .map(|folder| Cookie::load_or_create_at(&folder.file()).unwrap());
        assert_ne!(one.reveal(), two.reveal());
    }

    #[test]
    fn nodes_that_start_at_once_share_one_cookie() {
        for _ in 0..20 {
            let folder = Folder::new();
            let barrier = Barrier::new(8);
            let cookies: Vec<String> = std::thread::scope(|scope| {
                let start = || {
                    barrier.wait();
                    Cookie::load_or_create_at(&folder.file())
                        .unwrap()
                        .reveal()
                        .to_owned()
                };
                let threads: Vec<_> = (0..8).map(|_| scope.spawn(start)).collect();
                threads
                    .into_iter()
                    .map(|thread| thread.join().unwrap())
                    .collect()
            });
            assert!(
                cookies.iter().all(|cookie| *cookie == cookies[0]),
                "{cookies:?}"
            );
        }
    }

    #[test]
    fn file_that_others_may_read_is_refused_with_the_remedy() {
        for mode in [0o644, 0o640, 0o604, 0o660, 0o602] {
            let folder = Folder::with(b"chocolate", mode);
            let error = Cookie::load_or_create_at(&folder.file()).unwrap_err();
            assert!(
                matches!(error, CookieError::OpenToOthers { mode: seen, .. } if seen == mode),
                "{error:?}"
            );
            assert!(
                error
                    .to_string()
                    .contains(&format!("chmod 600 '{}'", folder.file().display())),
                "{error}"
            );
            assert!(!error.to_string().contains("chocolate"));
        }
    }

    #[test]
    fn file_without_a_cookie_is_refused_and_left_alone() {
        for content in [
            &b""[..],
            b"\n",
            b"a\nb\n",
            &[b'x'; 300],
            &[b'x'; 100_000],
            b"\xff\xfe",
        ] {
            let folder = Folder::with(content, 0o600);
            let error = Cookie::load_or_create_at(&folder.file()).unwrap_err();
            assert!(
                error
                    .to_string()
                    .contains(&*folder.file().to_string_lossy()),
                "{error}"
            );
            assert_eq!(fs::read(folder.file()).unwrap(), content);
        }
    }

    #[test]
    fn directory_in_the_place_of_the_file_is_refused() {
        let folder = Folder::new();
        assert!(matches!(
            Cookie::load_or_create_at(&folder.0),
            Err(CookieError::File { .. })
        ));
    }
}
