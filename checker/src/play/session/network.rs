//! Commands that break the network between the nodes, and mend it.

use std::time::Duration;

use prompt::command::{USAGE, Words};
use prompt::time::{duration, in_words as time_in_words};
use runtime::net::faults::{Action, PatternKind, Rule};
use tokio::time::timeout;

use super::{PATIENCE, Said, Session, in_words};
use crate::play::words::list;
use crate::play::words::share;
use crate::play::words::told;
use crate::play::words::ways;
use crate::play::words::{self, Ways};
use testkit::cluster::{RuleHandle, rule_in_words};

/// What is between two nodes, in one direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum LinkFault {
    Partition,
    Blackhole,
    Delay(Duration, Duration),
}

/// A fault on single messages, which may be several rules to the network: one for each way.
pub(super) struct MessageFault<'c> {
    rules: Vec<RuleHandle<'c>>,
    text: String,
}

impl Session<'_> {
    pub(super) async fn partition(&mut self, words: Words<'_>) -> Said {
        let ways = self.ways(words.rest())?;
        if !ways.both {
            return Err("A partition has no direction: write `partition n1 | n2`,\nor `blackhole n1 -> n2`.".into());
        }
        self.remember(&ways, LinkFault::Partition);
        let (one, other) = ways.sides();
        self.cluster
            .partition(&one, &other)
            .await
            .map_err(in_words)?;
        let verb = if one.len() == 1 { "is" } else { "are" };
        let (one, other) = (list(&one), list(&other));
        Ok(format!("{one} {verb} cut off from {other}."))
    }

    pub(super) fn blackhole(&mut self, words: Words<'_>) -> Said {
        let ways = self.ways(words.rest())?;
        self.remember(&ways, LinkFault::Blackhole);
        let (from, to) = ways.sides();
        let (from_words, to_words) = (list(&from), list(&to));
        let what = if ways.both {
            self.cluster.blackhole(&from, &to);
            format!("What {from_words} and {to_words} send to each other vanishes.")
        } else {
            self.cluster.blackhole_one_way(&from, &to);
            format!("What goes from {from_words} to {to_words} vanishes.")
        };
        let seconds = self.place.tick_time.as_secs();
        Ok(format!(
            "{what}\nNo node can notice before {seconds} s have passed."
        ))
    }

    pub(super) fn delay(&mut self, words: Words<'_>) -> Said {
        let words = words::words(words.rest());
        let is_time = |word: &String| {
            word != "->" && word.starts_with(|c: char| c.is_ascii_digit() || c == '-')
        };
        let (times, nodes): (Vec<String>, Vec<String>) = words.iter().cloned().partition(is_time);
        if !words.ends_with(&times) {
            let (nodes, times) = (nodes.join(" "), times.join(" "));
            return Err(format!("The nodes come first: `delay {nodes} {times}`."));
        }
        let times: Vec<Duration> = times
            .iter()
            .map(|word| duration(word))
            .collect::<Result<_, _>>()?;
        let (base, jitter) = match times[..] {
            [base] => (base, Duration::ZERO),
            [base, jitter] => (base, jitter),
            _ => return Err(USAGE.into()),
        };
        let everyone = self.cluster.everyone();
        let (pairs, who) = if nodes.is_empty() {
            let all = everyone.iter().flat_map(|a| {
                let others = everyone.iter().filter(move |b| a != *b);
                others.map(move |b| (a.clone(), b.clone()))
            });
            (all.collect::<Vec<_>>(), "between all nodes".to_owned())
        } else {
            let ways = ways(&nodes, &everyone)?;
            let each = ways.each().into_iter();
            let each = each.map(|(a, b)| (a.to_owned(), b.to_owned()));
            (each.collect(), ways.in_words())
        };
        for (from, to) in pairs {
            self.cluster.delay(&from, &to, base, jitter);
            let between = self.between.entry((from, to)).or_default();
            between.retain(|fault| !matches!(fault, LinkFault::Delay(..)));
            between.insert(LinkFault::Delay(base, jitter));
        }
        let jitter = match jitter {
            Duration::ZERO => String::new(),
            jitter => format!(",\nand up to {} more", time_in_words(jitter)),
        };
        let base = time_in_words(base);
        Ok(format!("What is sent {who} comes {base} later{jitter}."))
    }

    pub(super) async fn heal(&mut self, words: Words<'_>) -> Said {
        let text = words.rest();
        let what = if text.is_empty() {
            self.cluster.heal();
            self.between.clear();
            "The network is whole again".to_owned()
        } else {
            let ways = self.ways(text)?;
            let (one, other) = ways.sides();
            self.cluster.heal_between(&one, &other);
            for (a, b) in ways.each() {
                self.between.remove(&(a.to_owned(), b.to_owned()));
                self.between.remove(&(b.to_owned(), a.to_owned()));
            }
            format!(
                "{} and {} can reach each other again",
                list(&one),
                list(&other)
            )
        };
        // In good time: it is tried again and again, and told to, besides.
        let mesh = timeout(PATIENCE + PATIENCE, self.cluster.await_mesh()).await;
        match mesh {
            Ok(Ok(())) => Ok(format!("{what}. All connections are up again.")),
            Ok(Err(stop)) => Ok(format!(
                "{what}, but not all connections are up again:\n{}",
                in_words(stop)
            )),
            Err(_) => Ok(format!("{what}, but not all connections are up again yet.")),
        }
    }

    pub(super) fn rule(&mut self, action: &str, words: Words<'_>) -> Said {
        let action = match action {
            "drop" => Action::Drop,
            "dup" => Action::Duplicate,
            _ => Action::Hold,
        };
        let wish = Wish::read(
            &words::words(words.rest()),
            action,
            &self.cluster.everyone(),
        )?;
        let full = |node: &Option<String>| node.as_ref().map(|node| self.cluster.name(node));
        let rules: Vec<Rule> = wish
            .pairs
            .iter()
            .map(|(from, to)| Rule {
                from: full(from),
                to: full(to),
                ..wish.rule.clone()
            })
            .collect();
        let texts: Vec<String> = rules.iter().map(rule_in_words).collect();
        let text = told(&texts.join(", and "));
        let cluster = self.cluster;
        let rules = rules.into_iter().map(|rule| cluster.rule(rule)).collect();
        self.last_rule += 1;
        let number = self.last_rule;
        let answer = format!("{number}. {text}");
        self.rules.insert(number, MessageFault { rules, text });
        Ok(answer)
    }

    pub(super) fn release(&mut self, mut words: Words<'_>) -> Said {
        let numbers = self.rules_meant(words.optional()?)?;
        let meant = numbers.iter().filter_map(|number| self.rules.get(number));
        let released: usize = meant
            .flat_map(|fault| fault.rules.iter().map(RuleHandle::release))
            .sum();
        Ok(match released {
            1 => "One message is released.".to_owned(),
            released => format!("{released} messages are released."),
        })
    }

    pub(super) fn list_rules(&self, mut words: Words<'_>) -> Said {
        words.end()?;
        let mut lines: Vec<String> = Vec::new();
        for ((from, to), faults) in &self.between {
            for fault in faults {
                lines.push(match fault {
                    // It has no direction, and is told once.
                    LinkFault::Partition if from > to => continue,
                    LinkFault::Partition => format!("{from} and {to} are cut off"),
                    LinkFault::Blackhole => format!("{from} -> {to} vanishes"),
                    LinkFault::Delay(base, Duration::ZERO) => {
                        format!("{from} -> {to} comes {} later", time_in_words(*base))
                    }
                    LinkFault::Delay(base, jitter) => {
                        let most = time_in_words(*base + *jitter);
                        format!(
                            "{from} -> {to} comes {} to {most} later",
                            time_in_words(*base)
                        )
                    }
                });
            }
        }
        for (number, MessageFault { rules, text }) in &self.rules {
            let hits: usize = rules.iter().map(RuleHandle::hits).sum();
            let held: usize = rules.iter().map(RuleHandle::held).sum();
            let held = match held {
                0 => String::new(),
                held => format!(", and holds {held} back"),
            };
            lines.push(format!("{number}. {text}\n   it has acted on {hits}{held}"));
        }
        let stores = self.stores.iter();
        lines.extend(stores.map(|(node, what)| format!("the store {what} {node}")));
        Ok(match lines.is_empty() {
            true => "There is no fault.".to_owned(),
            false => lines.join("\n"),
        })
    }

    pub(super) fn clear(&mut self, mut words: Words<'_>) -> Said {
        let numbers = self.rules_meant(words.optional()?)?;
        for number in &numbers {
            self.rules.remove(number);
        }
        Ok(match numbers[..] {
            [] => "There was no rule.".to_owned(),
            [only] => format!("Rule {only} has ended."),
            _ => format!("{} rules have ended.", numbers.len()),
        })
    }

    /// The rule of that number, or all.
    fn rules_meant(&self, number: Option<&str>) -> Result<Vec<u32>, String> {
        let Some(number) = number else {
            return Ok(self.rules.keys().copied().collect());
        };
        let none = || format!("There is no rule {number}; `rules` lists all of them.");
        let number: u32 = number.trim_end_matches('.').parse().map_err(|_| none())?;
        match self.rules.contains_key(&number) {
            true => Ok(vec![number]),
            false => Err(none()),
        }
    }

    fn ways(&self, text: &str) -> Result<Ways, String> {
        ways(&words::words(text), &self.cluster.everyone())
    }

    fn remember(&mut self, ways: &Ways, fault: LinkFault) {
        for (from, to) in ways.each() {
            let between = self.between.entry((from.to_owned(), to.to_owned()));
            between.or_default().insert(fault);
        }
    }
}

impl Ways {
    /// `from n1 to n2`, `between n1 and n2`
    fn in_words(&self) -> String {
        let (from, to) = (list(&self.from), list(&self.to));
        match self.both {
            true => format!("between {from} and {to}"),
            false => format!("from {from} to {to}"),
        }
    }
}

/// Which messages the user wants to be lost, doubled, or held.
struct Wish {
    rule: Rule,
    /// From which node to which; `None` is any node.
    pairs: Vec<(Option<String>, Option<String>)>,
}

impl Wish {
    fn read(words: &[String], action: Action, everyone: &[String]) -> Result<Wish, String> {
        let mut rule = Rule::new(action).times(usize::MAX);
        let (mut from, mut to): (Option<String>, Option<String>) = (None, None);
        let mut nodes: Vec<String> = Vec::new();
        let mut words = words.iter().peekable();
        while let Some(word) = words.next() {
            let next_is = |text: &str, next: Option<&&String>| next.is_some_and(|w| *w == text);
            match word.as_str() {
                "once" => rule.times = 1,
                "casts" => rule = rule.kind(PatternKind::Cast),
                "calls" => rule = rule.kind(PatternKind::Call),
                "answers" => rule = rule.kind(PatternKind::Answer),
                "from" => from = Some(node_behind(words.next(), everyone)?),
                "to" => to = Some(node_behind(words.next(), everyone)?),
                number if next_is("times", words.peek()) => {
                    words.next();
                    let times = number.parse().ok().filter(|&times| times > 0);
                    rule.times = times.ok_or_else(|| format!("{number:?} is not a number."))?;
                }
                word if word.starts_with(|c: char| c.is_ascii_uppercase()) => {
                    rule = rule.message(word);
                }
                word => match share(word) {
                    Some(chance) => rule = rule.chance(chance?),
                    None => nodes.push(word.to_owned()),
                },
            }
        }
        let pairs = if nodes.is_empty() {
            vec![(from, to)]
        } else if from.is_some() || to.is_some() {
            return Err(USAGE.into());
        } else {
            let ways = ways(&nodes, everyone)?;
            let each = ways.each().into_iter();
            each.map(|(a, b)| (Some(a.to_owned()), Some(b.to_owned())))
                .collect()
        };
        Ok(Wish { rule, pairs })
    }
}

fn node_behind(word: Option<&String>, everyone: &[String]) -> Result<String, String> {
    let node = word.ok_or(USAGE)?;
    words::known(node, everyone)?;
    Ok(node.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(typed: &str, expected: &str) {
        let everyone = ["n1", "n2"].map(str::to_owned);
        let wish = Wish::read(&words::words(typed), Action::Drop, &everyone).unwrap();
        let pairs: Vec<String> = wish
            .pairs
            .iter()
            .map(|(from, to)| {
                let side = |node: &Option<String>| node.clone().unwrap_or("*".into());
                format!("{}>{}", side(from), side(to))
            })
            .collect();
        let text = format!("{} {}", rule_in_words(&wish.rule), pairs.join(" "));
        assert_eq!(text, expected);
    }

    #[test]
    fn wishes_are_read_in_any_order() {
        let some = "the network drops each Ping, with a chance of 10 % n1>n2";
        check("Ping n1 -> n2 10%", some);
        check("10% n1->n2 Ping", some);
        check(
            "Ping n1 n2 once",
            "the network drops the next Ping n1>n2 n2>n1",
        );
        check(
            "3 times to n2",
            "the network drops the next 3 messages *>n2",
        );
        check(
            "answers Ping from n1",
            "the network drops each answer to Ping n1>*",
        );
        check("", "the network drops each message *>*");
    }

    #[test]
    fn wishes_that_are_none_are_refused() {
        let everyone = ["n1", "n2"].map(str::to_owned);
        for typed in [
            "n9",
            "10",
            "0 times",
            "from",
            "to n9",
            "120%",
            "n1 n2 from n1",
        ] {
            let read = Wish::read(&words::words(typed), Action::Drop, &everyone);
            assert!(read.is_err(), "{typed}");
        }
    }
}
