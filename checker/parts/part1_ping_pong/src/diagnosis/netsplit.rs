//! Symptoms of problems 4 and 5.

use super::{counts_in, forgot_all, tellings, too_low, wrong_number};
use testkit::diagnosis::Case;
use testkit::diagnosis::evidence::Messages;
use testkit::trace::{Change, Kind};

/// Two nodes that met in the last step, one of which did not learn what the other had to say.
struct Meeting<'a> {
    /// The one that should have learned.
    node: &'a str,
    /// The one whose count it should have learned.
    of: String,
    /// When the step began in which they met.
    step_us: u64,
    /// What was said between the two since then.
    talk: Messages<'a>,
    /// What was said between them before the first step, when they met for the first time.
    at_first: Messages<'a>,
}

fn meetings<'a>(case: &Case<'a>) -> Vec<Meeting<'a>> {
    let Some((node, low)) = too_low(case) else {
        return Vec::new();
    };
    let (Some(step_us), Some(first_us)) = (case.last_step(), case.first_step()) else {
        return Vec::new();
    };
    let met = low.into_iter().filter(|(of, ..)| {
        of != node
            && case
                .connected(node, of)
                .is_some_and(|at_us| at_us >= step_us)
    });
    met.map(|(of, ..)| {
        let talk = case.messages();
        let talk = talk.that(|sent| {
            [&sent.from, &sent.to]
                .iter()
                .all(|end| *end == node || **end == of)
        });
        Meeting {
            node,
            step_us,
            at_first: talk.clone().before(first_us),
            talk: talk.since(step_us),
            of,
        }
    })
    .collect()
}

impl<'a> Meeting<'a> {
    /// What the one said that should have learned, and what it was told, is not in here: only
    /// what the other one asked for.
    fn other_asked(&self) -> bool {
        let asked = self.talk.clone().from(&self.of).to(self.node);
        !asked.kind(Kind::Call).named("Count").is_empty()
    }

    fn node_asked(&self) -> bool {
        let asked = self.talk.clone().from(self.node).to(&self.of);
        !asked.kind(Kind::Call).is_empty()
    }

    /// The pings that it got from the other one.
    fn told(&self, in_talk: &Messages<'a>) -> Messages<'a> {
        in_talk.clone().from(&self.of).named("Ping")
    }
}

pub(super) fn counts_a_greeting(case: &Case) -> Option<String> {
    let step = case.last_step()?;
    if let Some((node, answer, right)) = wrong_number(case) {
        let pings = case.messages().named("Ping").from(node).before(step);
        let early = pings.that(|ping| ping.number("count").is_some_and(|count| count >= right));
        let ping = early.first()?;
        return (answer > right).then(|| {
            format!(
                "{node} sent {} to {} before it was told to send a ping of that number",
                ping.label, ping.to
            )
        });
    }
    let right = super::wanted(case);
    let (_, shown) = super::shown(case)?;
    shown.iter().find_map(|(of, shows)| {
        let right = super::count_of(&right, of);
        let pings = case.messages().named("Ping").from(of).since(step);
        let more = pings.that(|ping| {
            ping.text("from") == Some(of) && ping.number("count").is_some_and(|count| count > right)
        });
        let ping = more.first()?;
        (*shows > right).then(|| {
            format!(
                "{of} sent {} to {} on a new link, and was told to send no more than {right} pings",
                ping.label, ping.to
            )
        })
    })
}

pub(super) fn tells_it_under_the_wrong_name(case: &Case) -> Option<String> {
    meetings(case).iter().find_map(|meeting| {
        let told = meeting.told(&meeting.talk);
        let wrong = told.first()?;
        let all_wrong = told
            .iter()
            .all(|ping| ping.text("from") == Some(meeting.node));
        (all_wrong && !meeting.node_asked()).then(|| {
            format!(
                "{} sent {} to {}, and nothing that is from {}",
                meeting.of, wrong.label, meeting.node, meeting.of
            )
        })
    })
}

pub(super) fn forgets_who_is_down(case: &Case) -> Option<String> {
    forgets_who_is_cut_off(case).or_else(|| forgets_who_died(case))
}

fn forgets_who_is_cut_off(case: &Case) -> Option<String> {
    let (node, low) = too_low(case)?;
    low.iter().filter(|(of, ..)| of != node).find_map(|(of, shows, _)| {
        let parted = case.parted(node, of, case.first_step()?)?;
        let knew = tellings(case, node, of);
        let mut knew = knew.iter().filter(|(sent, _)| sent.at_us < parted);
        let (_, knew) = knew.rfind(|(_, count)| *count > 0)?;
        (forgot_all(case, node) < parted && *shows == 0).then(|| {
            format!("{node} had been told {knew} for {of}, then the link between them was lost, and now {node} shows nothing of {of}")
        })
    })
}

/// The same, seen in the totals of an answer to AskEveryone.
fn forgets_who_died(case: &Case) -> Option<String> {
    let (_, answer) = case.failure.seen.split_once("these totals: ")?;
    let totals = counts_in(answer.split("; and these failed").next()?);
    let dead = case.last_done(Change::Killed)?;
    let pings = case.messages().named("Ping").before(dead.step_us);
    let sent = |of: &str| {
        let own = pings.clone().that(|ping| ping.text("from") == Some(of));
        own.iter().filter_map(|ping| ping.number("count")).max()
    };
    let lost = sent(dead.node)?;
    let all: u64 = case.nodes().iter().filter_map(|of| sent(of)).sum();
    let told = pings.clone().from(dead.node).arrived();
    let forgot = told.iter().find(|ping| {
        let total = totals.get(&ping.to);
        ping.number("count") == Some(lost) && total.is_some_and(|total| total + lost == all)
    })?;
    let node = &forgot.to;
    Some(format!(
        "{node} had been told {lost} for {dead}, then {dead} died, and the total of {node} is {total}: less by those {lost}",
        dead = dead.node,
        total = totals[node],
    ))
}

pub(super) fn only_one_side_asks(case: &Case) -> Option<String> {
    meetings(case).iter().find_map(|meeting| {
        let (node, of) = (meeting.node, &meeting.of);
        let untold = meeting.told(&meeting.talk).is_empty();
        let always = meeting.told(&meeting.at_first).is_empty();
        if meeting.node_asked() || !untold || !always {
            return None;
        }
        let told = meeting.talk.clone().from(node).named("Ping");
        if meeting.other_asked() {
            return Some(format!("when {node} and {of} met, {of} asked {node} for its count, and {node} did not ask {of}"));
        }
        (!told.is_empty()).then(|| {
            format!("when {node} and {of} met, {node} told {of} its count, and {of} did not tell {node}")
        })
    })
}

pub(super) fn tells_only_news(case: &Case) -> Option<String> {
    let crash = case.last_crash("consumer")?;
    meetings(case).iter().find_map(|meeting| {
        let (node, of) = (meeting.node, &meeting.of);
        let greetings = case.messages().named("Ping").since(meeting.step_us);
        let greetings = greetings.that(|ping| ping.text("from") == Some(&ping.from));
        let greeting = greetings.first()?;
        let greeted = !meeting.told(&meeting.at_first).is_empty();
        let silent = meeting.told(&meeting.talk).is_empty() && !meeting.node_asked();
        let pings = case.messages().named("Ping").from(of);
        let unchanged = pings.since(crash.step_us).is_empty();
        (crash.node == node && greeted && silent && unchanged).then(|| {
            format!(
                "on a new link {}, which had sent a ping meanwhile, told {} its count, and {of}, which had sent none, told {node} nothing",
                greeting.from, greeting.to
            )
        })
    })
}

pub(super) fn forgets_to_watch_again(case: &Case) -> Option<String> {
    let crash = case.last_crash("consumer")?;
    meetings(case).iter().find_map(|meeting| {
        let (node, of) = (meeting.node, &meeting.of);
        let asked = meeting.at_first.clone().from(node).to(of);
        let asked_at_first = !asked.kind(Kind::Call).named("Count").is_empty();
        let silent = !meeting.node_asked() && meeting.told(&meeting.talk).is_empty();
        (crash.node == node && asked_at_first && silent && meeting.other_asked()).then(|| {
            format!("{node} asked {of} when they first met, but not after its consumer was started again: then only {of} asked {node}")
        })
    })
}

pub(super) fn greets_newcomers_only(case: &Case) -> Option<String> {
    meetings(case).iter().find_map(|meeting| {
        let (node, of) = (meeting.node, &meeting.of);
        let silent = meeting.told(&meeting.talk).is_empty() && !meeting.node_asked();
        if !silent || meeting.other_asked() {
            return None;
        }
        let asked = meeting.at_first.clone().from(node).named("Count");
        if !asked.kind(Kind::Call).is_empty() {
            return Some(format!(
                "{node} asked {of} for its count when they first met, and not when they met again"
            ));
        }
        let greeting = meeting.told(&meeting.at_first);
        let greeting = &greeting.first()?.label;
        Some(format!(
            "{of} sent {greeting} to {node} when they first met, and nothing when they met again"
        ))
    })
}

pub(super) fn says_nothing_on_a_new_link(case: &Case) -> Option<String> {
    meetings(case).iter().find_map(|meeting| {
        (meeting.talk.is_empty() && meeting.told(&meeting.at_first).is_empty()).then(|| {
            let (node, of) = (meeting.node, &meeting.of);
            format!("a link between {node} and {of} came up, and neither sent the other anything over it")
        })
    })
}
