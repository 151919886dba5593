//! Which links there are for certain, and which there may be.

use std::collections::BTreeMap;
use std::time::Duration;

use shortener::Code;
use tokio::time::Instant;

/// How much the clock of a request may differ from the story's.
const ROUNDING: Duration = Duration::from_millis(5);

/// All links of a story, by their codes.
#[derive(Debug, Default)]
pub(super) struct Book(BTreeMap<Code, Vec<Entry>>);

/// A link that was asked for, and may have been created.
#[derive(Debug, Clone)]
struct Entry {
    url: String,
    /// When it was asked for.
    begun: Instant,
    /// When its creation was answered with this code. If it was not, the link may be created at any time.
    created: Option<Instant>,
    /// Between which moments it expires, if it does.
    expires: Option<(Instant, Instant)>,
}

impl Entry {
    /// Whether it exists for certain between two moments.
    fn is_certain(&self, from: Instant, to: Instant) -> bool {
        self.created.is_some_and(|created| created <= from)
            && self
                .expires
                .is_none_or(|(earliest, _)| earliest > to + ROUNDING)
    }

    /// Whether it may exist at some moment between two.
    fn is_possible(&self, from: Instant, to: Instant) -> bool {
        self.begun <= to
            && self
                .expires
                .is_none_or(|(_, latest)| latest + ROUNDING >= from)
    }
}

impl Book {
    /// A link to a page is asked for, with one of some codes.
    pub(super) fn ask(&mut self, codes: &[Code], url: &str) -> Asking {
        let begun = Instant::now();
        for code in codes {
            self.0.entry(code.clone()).or_default().push(Entry {
                url: url.to_owned(),
                begun,
                created: None,
                expires: None,
            });
        }
        Asking {
            codes: codes.to_vec(),
            url: url.to_owned(),
            begun,
        }
    }

    /// It was created with a code.
    pub(super) fn created(&mut self, asking: &Asking, code: &Code, ttl: Option<u64>) {
        for other in &asking.codes {
            match other == code {
                true => self.update(asking, code, Some(Instant::now()), ttl),
                false => self.refused(asking, other),
            }
        }
    }

    /// It was refused: another URL has the code.
    pub(super) fn refused(&mut self, asking: &Asking, code: &Code) {
        if let Some(entries) = self.0.get_mut(code) {
            let this = entries.iter().position(|entry| asking.made(entry));
            this.map(|this| entries.remove(this));
        }
    }

    /// Whether it was created is not known: it may also still happen.
    pub(super) fn is_open(&mut self, asking: &Asking, ttl: Option<u64>) {
        for code in &asking.codes {
            self.update(asking, code, None, ttl);
        }
    }

    fn update(&mut self, asking: &Asking, code: &Code, created: Option<Instant>, ttl: Option<u64>) {
        let ttl = ttl.map(Duration::from_secs);
        let mut entries = self.0.get_mut(code).into_iter().flatten();
        if let Some(entry) = entries.find(|entry| asking.made(entry)) {
            entry.created = created;
            entry.expires = ttl.map(|ttl| (asking.begun + ttl, Instant::now() + ttl));
        }
    }

    /// The URL to which a code leads for certain, all the time between two moments.
    pub(super) fn leads_to(&self, code: &Code, from: Instant, to: Instant) -> Option<&str> {
        let entries = self.0.get(code).into_iter().flatten();
        let mut certain = entries.filter(|entry| entry.is_certain(from, to));
        certain.next().map(|entry| entry.url.as_str())
    }

    /// Whether a code may lead to a URL at some moment between two.
    pub(super) fn may_lead_to(&self, code: &Code, url: &str, from: Instant, to: Instant) -> bool {
        let mut entries = self.0.get(code).into_iter().flatten();
        entries.any(|entry| entry.url == url && entry.is_possible(from, to))
    }

    /// Whether a code may lead to a URL by more than the request that is looked at.
    pub(super) fn may_lead_anyway(
        &self,
        code: &Code,
        url: &str,
        from: Instant,
        to: Instant,
    ) -> bool {
        let entries = self.0.get(code).into_iter().flatten();
        entries
            .filter(|entry| entry.url == url && entry.is_possible(from, to))
            .count()
            > 1
    }

    /// Whether another URL may have a code at some moment between two.
    pub(super) fn may_be_taken(&self, code: &Code, url: &str, from: Instant, to: Instant) -> bool {
        let mut entries = self.0.get(code).into_iter().flatten();
        entries.any(|entry| entry.url != url && entry.is_possible(from, to))
    }

    /// The codes that lead to a URL for certain.
    pub(super) fn certain(&self, at: Instant) -> Vec<(Code, String)> {
        let certain = |entries: &Vec<Entry>| {
            let mut certain = entries
                .iter()
                .filter(|entry| entry.is_certain(at, at + Duration::from_secs(5)));
            certain.next().map(|entry| entry.url.clone())
        };
        self.0
            .iter()
            .filter_map(|(code, entries)| Some((code.clone(), certain(entries)?)))
            .collect()
    }

    /// Whether two URLs have asked for a code.
    pub(super) fn is_contested(&self, code: &Code) -> bool {
        let mut urls = self
            .0
            .get(code)
            .into_iter()
            .flatten()
            .map(|entry| &entry.url);
        let first = urls.next();
        urls.any(|url| Some(url) != first)
    }

    /// Whether a link with a code was ever to expire.
    pub(super) fn ever_expires(&self, code: &Code) -> bool {
        let mut entries = self.0.get(code).into_iter().flatten();
        entries.any(|entry| entry.expires.is_some())
    }
}

/// A link that was asked for, as long as there is no answer.
#[derive(Debug)]
pub(super) struct Asking {
    codes: Vec<Code>,
    url: String,
    begun: Instant,
}

impl Asking {
    fn made(&self, entry: &Entry) -> bool {
        // Of two that were asked for at the same moment, either may be the one.
        entry.created.is_none() && entry.begun == self.begun && entry.url == self.url
    }
}
