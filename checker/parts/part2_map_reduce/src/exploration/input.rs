//! A job of a story, as data: its input is written when it is given.

use std::time::Duration;

use batch::Experiment;
use serde::{Deserialize, Serialize};

use crate::messages::JobKind;
use crate::text::{Texts, is_order, shown};
use testkit::scenario::Stop;
use testkit::seed::count_of;

/// A job that is given to a node.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Given {
    pub(crate) kind: JobKind,
    pub(crate) files: Vec<File>,
    pub(crate) split_bytes: u64,
    pub(crate) partitions: usize,
    pub(crate) map_ms: u64,
    pub(crate) reduce_ms: u64,
}

/// A file of its input.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct File {
    pub(crate) name: String,
    /// Each letter is one byte, as in Latin-1: so a text need not be UTF-8.
    pub(crate) text: String,
    /// How often the text stands in the file.
    pub(crate) times: usize,
}

impl File {
    /// A file in which the text stands once.
    pub(crate) fn once(name: &str, text: String) -> File {
        File {
            name: name.to_owned(),
            text,
            times: 1,
        }
    }

    fn lines(&self) -> usize {
        self.text.lines().count() * self.times
    }
}

impl Given {
    /// Writes the files. A line `@panic 3` crashes its task three times in all.
    ///
    /// # Errors
    /// A fault of the checker.
    pub(crate) fn write(&self, mut texts: Texts, folder: &std::path::Path) -> Result<Texts, Stop> {
        let mut lines_that_crash = 0;
        for file in &self.files {
            let mut text = String::new();
            for line in file.text.split_inclusive('\n') {
                match line.trim_end().strip_prefix("@panic ") {
                    Some(times) => {
                        lines_that_crash += 1;
                        let counted = folder.join(format!("crashes-{lines_that_crash}"));
                        text.push_str(&format!("@panic {times} {}\n", counted.display()));
                    }
                    None => text.push_str(line),
                }
            }
            let bytes: Vec<u8> = text.chars().map(|letter| letter as u8).collect();
            texts = texts.with(&file.name, bytes.repeat(file.times))?;
        }
        Ok(texts)
    }

    pub(crate) fn experiment(&self) -> Option<Experiment> {
        let experiment = Experiment {
            map_ms: self.map_ms,
            reduce_ms: self.reduce_ms,
        };
        let mut lines = self.files.iter().flat_map(|file| file.text.lines());
        let has_orders = lines.any(|line| is_order(line.as_bytes()));
        (has_orders || experiment != Experiment::default()).then_some(experiment)
    }

    /// How often its records crash one task at most; as often as can be counted if there is no end to it.
    pub(crate) fn crashes(&self) -> u64 {
        let lines = self.files.iter().flat_map(|file| file.text.lines());
        let crashes = lines.filter_map(|line| match line.strip_prefix("@panic") {
            Some("") => Some(u64::MAX),
            Some(times) => times.trim().parse().ok(),
            None => None,
        });
        crashes.fold(0, u64::saturating_add)
    }

    /// How many map tasks it has at most.
    pub(crate) fn maps(&self) -> usize {
        self.files.iter().map(File::lines).sum()
    }

    /// The longest time of a task.
    pub(crate) fn longest_task(&self) -> Duration {
        self.map_times()[0].max(Duration::from_millis(self.reduce_ms))
    }

    /// The longest time of a map task, and the time of all of them together.
    fn map_times(&self) -> [Duration; 2] {
        let mut longest = Duration::from_millis(self.map_ms);
        let mut all = longest * self.maps() as u32;
        for line in self.files.iter().flat_map(|file| file.text.lines()) {
            let sleep = line
                .strip_prefix("@sleep ")
                .and_then(|time| time.parse().ok());
            let sleep = Duration::from_millis(sleep.unwrap_or_default());
            // All of them may be in one split.
            longest += sleep;
            all += sleep;
        }
        [longest, all]
    }

    /// How long it takes at most if so many workers are kept busy with it, and nothing is in the way.
    pub(crate) fn longest(&self, workers: usize) -> Duration {
        let [longest, maps] = self.map_times();
        let reduce = Duration::from_millis(self.reduce_ms);
        let reduces = reduce * self.partitions as u32;
        (maps + reduces) / workers.max(1) as u32 + longest + reduce
    }

    pub(crate) fn sentence(&self) -> String {
        let does = match self.kind {
            JobKind::WordCount => "count the words",
            JobKind::InvertedIndex => "index the words",
        };
        let files = match &self.files[..] {
            [] => "no file".to_owned(),
            files => {
                let files = files.iter().map(|file| {
                    let times = match file.times {
                        1 => String::new(),
                        times => format!(" {times} times"),
                    };
                    format!("`{}` with \"{}\"{times}", file.name, shown_text(&file.text))
                });
                files.collect::<Vec<_>>().join(", ")
            }
        };
        let slow = match (self.map_ms, self.reduce_ms) {
            (0, 0) => String::new(),
            (map, 0) => format!(", and each map task takes {map} ms"),
            (0, reduce) => format!(", and each reduce task takes {reduce} ms"),
            (map, reduce) => {
                format!(", each map task takes {map} ms, and each reduce task {reduce} ms")
            }
        };
        format!(
            "{does} of {files}, in splits of {}, with {}{slow}",
            count_of(self.split_bytes, "byte"),
            count_of(self.partitions as u64, "partition"),
        )
    }

    /// The same with simpler values.
    pub(crate) fn simpler(&self) -> Vec<Given> {
        let mut simpler = Vec::new();
        let mut with = |change: &dyn Fn(&mut Given)| {
            let mut given = self.clone();
            change(&mut given);
            if given != *self {
                simpler.push(given);
            }
        };
        for place in 0..self.files.len() {
            with(&|given| drop(given.files.remove(place)));
        }
        for (place, file) in self.files.iter().enumerate() {
            let lines: Vec<&str> = file.text.split_inclusive('\n').collect();
            with(&|given| given.files[place].text = lines[..lines.len() / 2].concat());
            with(&|given| given.files[place].text = lines[lines.len() / 2..].concat());
            if lines.len() < 8 {
                for line in 0..lines.len() {
                    with(&|given| {
                        given.files[place].text =
                            [&lines[..line], &lines[line + 1..]].concat().concat();
                    });
                }
            }
            let words: Vec<&str> = file.text.split_inclusive(' ').collect();
            with(&|given| given.files[place].text = words[..words.len() / 2].concat());
            with(&|given| given.files[place].text = words[words.len() / 2..].concat());
            with(&|given| given.files[place].times = 1);
            with(&|given| given.files[place].times = (file.times / 2).max(1));
            if file.name != NAMES[place] {
                with(&|given| given.files[place].name = NAMES[place].to_owned());
            }
        }
        for fewer in [1, 2].into_iter().filter(|fewer| *fewer < self.partitions) {
            with(&|given| given.partitions = fewer);
        }
        if self.split_bytes != 1 && self.maps() < 10 {
            with(&|given| given.split_bytes = 1);
        }
        for shorter in [0, 100, 500]
            .into_iter()
            .filter(|shorter| *shorter < self.map_ms)
        {
            with(&|given| given.map_ms = shorter);
        }
        for shorter in [0, 100, 500]
            .into_iter()
            .filter(|shorter| *shorter < self.reduce_ms)
        {
            with(&|given| given.reduce_ms = shorter);
        }
        simpler
    }

    /// The commands of `checker play` that give it to a node. The files must be there.
    pub(crate) fn commands(&self, call: &str, output: &str) -> Vec<String> {
        let mut commands = Vec::new();
        let mut inputs = Vec::new();
        for file in &self.files {
            let text = shown_text(&file.text);
            commands.push(format!(
                "# $TMP/{} holds \"{text}\", {} times.",
                file.name, file.times
            ));
            inputs.push(format!("{{name: \"{0}\", path: \"$TMP/{0}\"}}", file.name));
        }
        commands.push(format!(
            "{call}{{kind: {:?}, input: [{}], output: \"$TMP/{output}\", split_bytes: {}, partitions: {}, experiment: {{map_ms: {}, reduce_ms: {}}}}}",
            self.kind,
            inputs.join(", "),
            self.split_bytes,
            self.partitions,
            self.map_ms,
            self.reduce_ms,
        ));
        commands
    }
}

/// Plain names, of which one story has at most so many.
const NAMES: [&str; 6] = ["a", "b", "c", "d", "e", "f"];

fn shown_text(text: &str) -> String {
    shown(text.as_bytes())
}
