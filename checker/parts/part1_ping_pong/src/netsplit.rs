//! Problems 4 and 5: nodes that meet, again or for the first time, learn each other's counts.

use std::time::Duration;

use runtime::net::faults::{Action, PatternKind, Rule};
use tokio::time::timeout;

use crate::consumers::{Wanted, all_have, all_show, shows, still_show};
use crate::messages::CONSUMER;
use crate::pings::{first_pings, ping, send_pings, took_effect};
use crate::told::{News, WATCH_TIME, learn, stay_untold};
use crate::{ALL, NAMES, RECOVERY, SOON, TRANSIT, sorted};
use testkit::cluster::{Cluster, Explained, Mark, Options, Unmet};
use testkit::scenario::{Context, Stop, Told};
use testkit::seed::{count_of, in_order, in_words};

/// Short, since silence is the subject here, and long enough for a busy machine.
const TICK_TIME: Duration = Duration::from_millis(1000);

/// How long any call waits. A consumer may wait for an answer in a handler, and then counts a ping so much later.
const CALL_TIMEOUT: Duration = Duration::from_secs(5);

/// The same, and a little more for a busy machine.
const HANDLER_WAIT: Duration = Duration::from_secs(8);

/// How long both sides may take to notice the silence.
const NOTICE_TIME: Duration = Duration::from_secs(12);

const BOTH_SIDES: &str =
    "on a new connection both sides learn each other's current count, without a new ping";

const WHY_MEET: &str = "Messages that are sent while a connection is down are lost, and no node sends them again by itself. \
                        When a connection comes up, each side must assume that it has missed something.";

/// A cluster that comes apart: two nodes on one side, one on the other, and what they send.
struct Split {
    near: &'static str,
    other: &'static str,
    far: &'static str,
    /// The counts when the split begins, of the three in this order.
    before: [u64; 3],
    /// How many pings the near and the far node send meanwhile.
    meanwhile: [u64; 2],
}

impl Split {
    fn of(cx: &Context) -> Split {
        let mut draw = cx.draw();
        let [near, other, far] = draw.cast(["n1", "n2", "n3"]);
        Split {
            near,
            other,
            far,
            before: draw.numbers(1..=4),
            meanwhile: draw.numbers(1..=5),
        }
    }

    fn counts_before(&self) -> [(&'static str, u64); 3] {
        let [near, other, far] = self.before;
        [(self.near, near), (self.other, other), (self.far, far)]
    }

    fn counts_after(&self) -> [(&'static str, u64); 3] {
        let [(_, near), other, (_, far)] = self.counts_before();
        let [near_sends, far_sends] = self.meanwhile;
        [
            (self.near, near + near_sends),
            other,
            (self.far, far + far_sends),
        ]
    }
}

pub(super) async fn heals_after_partition(cx: &Context) -> Told {
    let split = Split::of(cx);
    let (near, far) = ([split.near, split.other], [split.far]);
    Cluster::tell(cx, ALL, Options::default(), async |cluster| {
        before_the_split(cluster, &split).await?;

        cluster.step(format!(
            "The network is cut between {} and the others: their connections close.",
            split.far
        ));
        let mark = cluster.mark();
        cluster.partition(&near, &far).await?;
        during_the_split(cluster, &split).await?;
        if !cluster.nothing_crossed(mark, &near, &far) {
            return Err(Stop::inconclusive("A message crossed the cut."));
        }

        cluster.step("The network is whole again, and the nodes have found each other.");
        let since = cluster.mark();
        cluster.heal();
        after_the_heal(cluster, &split, since).await
    })
    .await
}

pub(super) async fn heals_after_blackhole(cx: &Context) -> Told {
    let options = Options {
        tick_time: TICK_TIME,
        ..Options::default()
    };
    let split = Split::of(cx);
    let (near, far) = ([split.near, split.other], [split.far]);
    Cluster::tell(cx, ALL, options, async |cluster| {
        before_the_split(cluster, &split).await?;

        cluster.step(format!(
            "The network drops everything between {} and the others, until both sides have noticed the silence.",
            split.far
        ));
        cluster.blackhole(&near, &far);
        cluster.await_parted(&near, &far, NOTICE_TIME).await?;
        during_the_split(cluster, &split).await?;

        cluster.step("The network is whole again, and the nodes have found each other.");
        let since = cluster.mark();
        cluster.heal();
        after_the_heal(cluster, &split, since).await
    })
    .await
}

async fn before_the_split(cluster: &Cluster<'_>, split: &Split) -> Told {
    let before = split.counts_before();
    let [(near, near_pings), (other, other_pings), (far, far_pings)] = before;
    cluster.step(format!(
        "{near} sends {}, {other} {} and {far} {}; all have them.",
        count_of(near_pings, "ping"),
        in_words(other_pings),
        in_words(far_pings)
    ));
    first_pings(cluster, &before).await?;
    let wanted = Wanted::exactly(&before);
    all_have(cluster, ALL, &wanted, "all have the pings").await
}

async fn during_the_split(cluster: &Cluster<'_>, split: &Split) -> Told {
    let Split {
        near,
        other,
        far,
        meanwhile: [near_sends, far_sends],
        ..
    } = *split;
    let [(_, near_had), (_, other_count), (_, far_had)] = split.counts_before();
    let [(_, near_has), _, (_, far_has)] = split.counts_after();
    cluster.step(format!(
        "Nodes on both sides of the cut send pings: {near} sends {}, {far} {}.",
        in_words(near_sends),
        in_words(far_sends)
    ));
    send_pings(cluster, near, near_sends, near_has).await?;
    send_pings(cluster, far, far_sends, far_has).await?;
    for (node, of, count) in [(other, near, near_has), (far, far, far_has)] {
        let claim = "each side continues to count its own pings";
        let wanted = Wanted::among_others(&[(of, count)]);
        all_have(cluster, &[node], &wanted, claim).await?;
    }
    let near_side = [(near, near_has), (other, other_count), (far, far_had)];
    let far_side = [(near, near_had), (other, other_count), (far, far_has)];
    let claim = "a node that is cut off learns nothing about the other side";
    let apart = async || {
        for (node, side, unreachable) in [
            (other, &near_side, &[far][..]),
            (near, &near_side, &[far]),
            (far, &far_side, &[near, other]),
        ] {
            let knows = knows_only(cluster, node, side, unreachable).await;
            knows.map_err(Unmet::Never)?;
        }
        Ok(())
    };
    cluster.throughout(WATCH_TIME, claim, apart).await
}

/// A consumer shows these counts at least, and of the nodes that it cannot reach no more than these.
async fn knows_only(
    cluster: &Cluster<'_>,
    node: &str,
    known: &[(&str, u64)],
    unreachable: &[&str],
) -> Told {
    let seen = shows(cluster, node).await?;
    let count_of = |of: &str| seen.get(of).copied().unwrap_or(0);
    let more = known
        .iter()
        .find(|(of, count)| unreachable.contains(of) && count_of(of) > *count);
    if let Some((of, _)) = more {
        let seen = format!("{node}'s consumer knows {of}: {}, and", count_of(of));
        return Err(cluster.untold_failure(node, &seen).node(node).into());
    }
    if known.iter().all(|(of, count)| count_of(of) >= *count) {
        return Ok(());
    }
    let claim = "a consumer keeps the count of a node that it cannot reach";
    Err(Wanted::exactly(known)
        .failure(cluster, node, seen, claim)
        .because(
            "An unreachable node did send its pings, and perhaps only the way to it is cut. Its last \
             known count is the best count that there is.",
        )
        .into())
}

async fn after_the_heal(cluster: &Cluster<'_>, split: &Split, since: Mark) -> Told {
    cluster.await_mesh().await?;
    let after = split.counts_after();
    let [near, _, far] = after;
    let news = [(split.near, far), (split.other, far), (split.far, near)];
    let news = news.map(|(learner, count)| News {
        learner,
        count,
        since,
    });
    let wanted = Wanted::exactly(&after);
    learn(cluster, ALL, &wanted, &news, SOON, (BOTH_SIDES, WHY_MEET)).await?;
    still_show(cluster, ALL, &wanted, BOTH_SIDES).await.because(
        "A meeting is not a ping, so no count may rise because both sides exchange their counts.",
    )
}

pub(super) async fn newcomers_learn(cx: &Context) -> Told {
    let mut draw = cx.draw();
    let [sender, restarted, late, ..] = draw.cast(NAMES);
    let of_late = draw.number(1..=3);
    // No other count is as high, so no other number can be taken for it.
    let old = of_late + draw.number(1..=3);
    let new = old + 1;
    let others = sorted([sender, restarted]);
    let all = sorted([sender, restarted, late]);
    Cluster::tell(cx, &others, Options::default(), async |cluster| {
        cluster.step(format!("{sender} sends {}; {restarted} has them.", count_of(old, "ping")));
        send_pings(cluster, sender, old, old).await?;
        all_have(cluster, &others, &Wanted::exactly(&[(sender, old)]), "all have the pings").await?;

        cluster.step(format!("{late} starts late, and sends {} before it is connected to any node.", count_of(of_late, "ping")));
        cluster.start_node(late).await?;
        let since = cluster.mark();
        send_pings(cluster, late, of_late, of_late).await?;
        let news = |learner, count| News { learner, count, since };
        let untold =
            [news(sender, (late, of_late)), news(restarted, (late, of_late)), news(late, (sender, old))];
        stay_untold(cluster, &untold).await?;

        cluster.step(format!("{late} joins, and the network holds back what {sender} first sends it."));
        let held = [
            Rule::new(Action::Hold).from(&cluster.name(sender)).to(&cluster.name(late)).kind(PatternKind::Answer).times(1),
            ping(cluster, Action::Hold, sender, late, old),
        ];
        let held = held.map(|rule| cluster.rule(rule));
        let since = cluster.mark();
        cluster.connect(late, sender).await?;
        cluster.await_mesh().await?;
        let wanted = Wanted::among_others(&[(sender, old)]);
        let news = News { learner: late, count: (sender, old), since };
        let learns = [late];
        let [answer, ping] = &held;
        let one_is_held = async {
            tokio::select! {
                () = answer.has_acted(1) => {}
                () = ping.has_acted(1) => {}
            }
        };
        // A consumer that waits in a handler for the held answer does not answer meanwhile.
        tokio::select! { biased;
            () = one_is_held => {
                if let Ok(told) = timeout(Duration::from_secs(1), news.was_told(cluster)).await {
                    told?;
                }
            }
            shown = all_show(cluster, &learns, &wanted, SOON, BOTH_SIDES) => {
                shown.because(WHY_MEET)?;
                news.was_told(cluster).await?;
            }
        }
        let wanted = Wanted::exactly(&[(sender, old), (late, of_late)]);
        all_show(cluster, &others, &wanted, SOON, BOTH_SIDES).await.because(WHY_MEET)?;

        cluster.step(format!("{sender} sends its {} ping, and then the held message arrives.", in_order(new)));
        send_pings(cluster, sender, 1, new).await?;
        let wanted = Wanted::exactly(&[(sender, new), (late, of_late)]);
        let claim = "a new ping counts while a consumer waits for an answer";
        let max_wait = cx.limit(CALL_TIMEOUT + TRANSIT, HANDLER_WAIT);
        all_show(cluster, &all, &wanted, max_wait, claim).await?;
        for rule in &held {
            rule.release();
        }
        still_show(cluster, &all, &wanted, "a late answer does not overwrite a newer ping")
            .await
            .because("An answer gives the count as it was when the answer was sent. Of two counts of one producer the higher one is right.")?;

        cluster.step(format!("{restarted}, which never sent a ping, is killed and started again: it remembers nothing."));
        let since = cluster.mark();
        cluster.restart(restarted).await?;
        all_show(cluster, &all, &wanted, SOON, BOTH_SIDES)
            .await
            .because(format!("The new {restarted} has the old one's name and none of its memory."))?;
        News { learner: restarted, count: (sender, new), since }.was_told(cluster).await?;
        still_show(cluster, &all, &wanted, BOTH_SIDES).await
    })
    .await
}

pub(super) async fn crash_during_split(cx: &Context) -> Told {
    let mut draw = cx.draw();
    let [cut, other, node] = draw.cast(["n1", "n2", "n3"]);
    let [of_other, of_node] = draw.numbers(1..=4);
    // No other count is as high, so no other number can be taken for it.
    let number = of_other.max(of_node) + draw.number(2..=4);
    Cluster::tell(cx, ALL, Options::default(), async |cluster| {
        cluster.step(format!(
            "{cut} sends {}, {other} {} and {node} {}; all have them.",
            count_of(number - 1, "ping"),
            in_words(of_other),
            in_words(of_node)
        ));
        let before = [(cut, number - 1), (other, of_other), (node, of_node)];
        first_pings(cluster, &before).await?;
        all_have(cluster, ALL, &Wanted::exactly(&before), "all have the pings").await?;

        cluster.step(format!(
            "{cut} sends its {} ping, which the network drops on the way to both others. Then {cut} is cut off from them.",
            in_order(number)
        ));
        let since = cluster.mark();
        let dropped = [other, node].map(|to| cluster.rule(ping(cluster, Action::Drop, cut, to, number)));
        send_pings(cluster, cut, 1, number).await?;
        for dropped in &dropped {
            took_effect(cluster, dropped).await?;
        }
        cluster.partition(&[cut], &[other, node]).await?;

        cluster.step(format!("The consumers of {cut} and {node} crash, and then {other} sends another ping."));
        cluster.crash(cut, &CONSUMER).await?;
        cluster.crash(node, &CONSUMER).await?;
        let of_other = of_other + 1;
        send_pings(cluster, other, 1, of_other).await?;
        let own_side = Wanted::among_others(&[(other, of_other), (node, of_node)]);
        let claim = "a restarted consumer recovers the counts of its own side";
        all_show(cluster, &[node], &own_side, RECOVERY, claim).await?;
        let news = |since| {
            [(node, (cut, number)), (other, (cut, number)), (cut, (other, of_other))]
                .map(|(learner, count)| News { learner, count, since })
        };
        stay_untold(cluster, &news(since)).await?;

        cluster.step(format!(
            "The network is whole again, and the nodes have found each other. {cut} has sent no ping meanwhile."
        ));
        let since = cluster.mark();
        cluster.heal();
        cluster.await_mesh().await?;
        let after = Wanted::exactly(&[(cut, number), (other, of_other), (node, of_node)]);
        let claim = "after the network heals, every consumer knows every count";
        let why = format!(
            "{cut} cannot know that {node}'s consumer crashed on the other side of the cut and forgot its count. So what \
             {cut} sent before is not what {node} still has."
        );
        // The consumer that forgot most comes first.
        learn(cluster, &[node, other, cut], &after, &news(since), SOON, (claim, &why)).await?;
        still_show(cluster, ALL, &after, claim).await
    })
    .await
}
