//! Problems 4 and 5: nodes that meet, again or for the first time, know each other's counts.

use std::time::Duration;

use runtime::net::faults::{Action, PatternKind, Rule};

use super::messages::CONSUMER;
use super::told::{WATCHED, learn, stay_untold, was_told};
use super::{
    ALL, RECOVERY, SOON, all_show, caught_one, counts, first_pings, ping, send_pings, shown, shows,
    sorted, still_show,
};
use testkit::cluster::{Cluster, Explained, Mark, Options, Unmet};
use testkit::scenario::{Context, Stop, Told};
use testkit::seed::{count_of, in_order, in_words};

/// Short, as silence is the subject here, and long enough for a busy machine.
const TICK_TIME: Duration = Duration::from_millis(1000);

/// How long a consumer may take that waits for an answer where it stands, as long as any call waits.
const WAITING: Duration = Duration::from_secs(8);

/// How long both sides may take to give each other up.
const NOTICED: Duration = Duration::from_secs(12);

const BOTH_SIDES: &str =
    "on a new link both sides learn each other's current count, without a new ping";

const WHY_MEET: &str = "What is sent while a link is down is lost, and nobody repeats it. When a link comes up, each \
                        side must take it that it has missed something of the other.";

/// A cluster that comes apart: two nodes on one side, one on the other, and what they send.
struct Split {
    near: &'static str,
    other: &'static str,
    far: &'static str,
    /// The counts when the split begins, of the three in this order.
    before: [u64; 3],
    /// How many pings the near and the far one send meanwhile.
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
            "The network is cut between {} and the others: the links close.",
            split.far
        ));
        let mark = cluster.mark();
        cluster.partition(&near, &far).await?;
        during_the_split(cluster, &split).await?;
        if !cluster.nothing_crossed(mark, &near, &far) {
            return Err(Stop::inconclusive("Something crossed the cut."));
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
            "Between {} and the others everything vanishes in silence, until both sides have noticed.",
            split.far
        ));
        cluster.blackhole(&near, &far);
        cluster.await_parted(&near, &far, NOTICED).await?;
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
    all_show(cluster, ALL, &before, SOON, "all have the pings").await
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
        "On both sides of the cut pings are sent: {} by {near}, {} by {far}.",
        in_words(near_sends),
        in_words(far_sends)
    ));
    send_pings(cluster, near, near_sends, near_has).await?;
    send_pings(cluster, far, far_sends, far_has).await?;
    let own_side = async || {
        for (node, of, count) in [(other, near, near_has), (far, far, far_has)] {
            let seen = shows(cluster, node).await?;
            if seen.get(of) != Some(&count) {
                return Err(Unmet::at(
                    node,
                    format!("{node}'s consumer shows {}", shown(&seen)),
                ));
            }
        }
        Ok(())
    };
    let claim = format!(
        "each side goes on counting its own pings ({near}: {near_has} at {other}, {far}: {far_has} at {far})"
    );
    cluster.eventually(SOON, claim, own_side).await?;
    let near_side = [(near, near_has), (other, other_count), (far, far_had)];
    let far_side = [(near, near_had), (other, other_count), (far, far_has)];
    let claim = "a node that is cut off learns nothing of the other side";
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
    cluster.throughout(WATCHED, claim, apart).await
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
        return Err(cluster.untold_failure(node, &seen).into());
    }
    if known.iter().all(|(of, count)| count_of(of) >= *count) {
        return Ok(());
    }
    let wanted = shown(&counts(known));
    Err(cluster
        .failed_at(
            node,
            format!("{node}'s consumer shows {}", shown(&seen)),
            format!("what was counted of a node is kept while it cannot be reached (wanted on {node}: {wanted})"),
        )
        .because(
            "That a node cannot be reached does not undo its pings. What was last known of it is the best \
             that there is, and perhaps only the way to it is cut.",
        )
        .into())
}

async fn after_the_heal(cluster: &Cluster<'_>, split: &Split, since: Mark) -> Told {
    cluster.await_mesh().await?;
    let after = split.counts_after();
    let [near, _, far] = after;
    let learned = [(split.near, far), (split.other, far), (split.far, near)];
    learn(
        cluster,
        ALL,
        &after,
        &learned,
        since,
        (BOTH_SIDES, WHY_MEET),
    )
    .await?;
    still_show(cluster, ALL, &after, BOTH_SIDES).await.because(
        "To meet again is no new ping: what both sides tell each other must not be counted twice.",
    )
}

pub(super) async fn newcomers_learn(cx: &Context) -> Told {
    let mut draw = cx.draw();
    let [sender, restarted, late] = draw.cast(["n1", "n2", "n3"]);
    let of_late = draw.number(1..=3);
    // More than any other count: nothing else that is said could be taken for it.
    let old = of_late + draw.number(1..=3);
    let new = old + 1;
    Cluster::tell(cx, &sorted([sender, restarted]), Options::default(), async |cluster| {
        cluster.step(format!("{sender} sends {}; {restarted} has them.", count_of(old, "ping")));
        send_pings(cluster, sender, old, old).await?;
        all_show(cluster, &[sender, restarted], &[(sender, old)], SOON, "all have the pings").await?;

        cluster.step(format!("{late} starts, late, and sends {} before it is connected to anybody.", count_of(of_late, "ping")));
        cluster.start_node(late).await?;
        let since = cluster.mark();
        send_pings(cluster, late, of_late, of_late).await?;
        stay_untold(cluster, &[sender, restarted], (late, of_late), since).await?;
        stay_untold(cluster, &[late], (sender, old), since).await?;

        cluster.step(format!("{late} joins, and the network holds back what {sender} first tells it."));
        let held = [
            Rule::new(Action::Hold).from(&cluster.name(sender)).to(&cluster.name(late)).kind(PatternKind::Answer).times(1),
            ping(cluster, Action::Hold, sender, late, old),
        ];
        let held = held.map(|rule| cluster.rule(rule));
        let since = cluster.mark();
        cluster.connect(late, sender).await?;
        cluster.await_mesh().await?;
        let caught = async || {
            let seen = shows(cluster, late).await?;
            match held.iter().any(|rule| rule.held() > 0) || seen.get(sender) == Some(&old) {
                true => Ok(()),
                false => Err(Unmet::at(late, format!("{late}'s consumer shows {}", shown(&seen)))),
            }
        };
        let wanted = format!("{BOTH_SIDES} (wanted on {late}: {{{sender}: {old}}})");
        cluster.eventually(SOON, wanted, caught).await.because(WHY_MEET)?;
        was_told(cluster, late, (sender, old), since).await?;
        let others = [sender, restarted];
        let known = [(sender, old), (late, of_late)];
        all_show(cluster, &others, &known, SOON, BOTH_SIDES).await.because(WHY_MEET)?;

        cluster.step(format!("{sender} sends its {} ping, and then what was held back arrives.", in_order(new)));
        send_pings(cluster, sender, 1, new).await?;
        let known = [(sender, new), (late, of_late)];
        let claim = "a new ping counts, also while an answer is outstanding";
        all_show(cluster, ALL, &known, WAITING, claim).await?;
        for rule in &held {
            rule.release();
        }
        still_show(cluster, ALL, &known, "what both sides tell each other does not overwrite a newer ping")
            .await
            .because("An answer tells how things were when it was given. Of two counts of one producer the higher one is right.")?;

        cluster.step(format!("{restarted}, which never sent a ping, is killed and started again: it remembers nothing."));
        let since = cluster.mark();
        cluster.restart(restarted).await?;
        all_show(cluster, ALL, &known, SOON, BOTH_SIDES)
            .await
            .because(format!(
                "A node of the same name is not the same node: what the first {restarted} was told, the second one does not know."
            ))?;
        was_told(cluster, restarted, (sender, new), since).await?;
        still_show(cluster, ALL, &known, BOTH_SIDES).await
    })
    .await
}

pub(super) async fn crash_during_split(cx: &Context) -> Told {
    let mut draw = cx.draw();
    let [cut, other, node] = draw.cast(["n1", "n2", "n3"]);
    let [of_other, of_node] = draw.numbers(1..=4);
    // More than any other count: nothing else that is said could be taken for it.
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
        all_show(cluster, ALL, &before, SOON, "all have the pings").await?;

        cluster.step(format!(
            "{cut} sends its {} ping, which the network loses on the way to both others, and is cut off from them.",
            in_order(number)
        ));
        let since = cluster.mark();
        let lost = [other, node].map(|to| cluster.rule(ping(cluster, Action::Drop, cut, to, number)));
        send_pings(cluster, cut, 1, number).await?;
        for lost in &lost {
            caught_one(cluster, lost).await?;
        }
        cluster.partition(&[cut], &[other, node]).await?;

        cluster.step(format!("The consumers of {cut} and {node} crash, and then {other} sends another ping."));
        cluster.crash(cut, &CONSUMER).await?;
        cluster.crash(node, &CONSUMER).await?;
        let of_other = of_other + 1;
        send_pings(cluster, other, 1, of_other).await?;
        let own_side = async || {
            let seen = shows(cluster, node).await?;
            if seen.get(other) == Some(&of_other) && seen.get(node) == Some(&of_node) {
                return Ok(());
            }
            Err(Unmet::at(node, format!("{node}'s consumer shows {}", shown(&seen))))
        };
        let claim = format!(
            "the consumer regains the counts of its own side ({other}: {of_other}, {node}: {of_node} at {node})"
        );
        cluster.eventually(RECOVERY, claim, own_side).await?;
        stay_untold(cluster, &[node, other], (cut, number), since).await?;
        stay_untold(cluster, &[cut], (other, of_other), since).await?;

        cluster.step(format!(
            "The network is whole again, and the nodes have found each other. {cut} has sent no ping meanwhile."
        ));
        let since = cluster.mark();
        cluster.heal();
        cluster.await_mesh().await?;
        let after = [(cut, number), (other, of_other), (node, of_node)];
        let claim = "after the heal all counts are right everywhere";
        let why = format!(
            "{cut} cannot know that {node}'s consumer has forgotten its count, for that happened where it could not see. \
             What it last sent is not what the other side still has."
        );
        let learned = [(node, (cut, number)), (other, (cut, number)), (cut, (other, of_other))];
        // Whoever has forgotten most is looked at first.
        learn(cluster, &[node, other, cut], &after, &learned, since, (claim, &why)).await?;
        still_show(cluster, ALL, &after, claim).await
    })
    .await
}
