//! Problems 4 and 5: nodes that meet, again or for the first time, know each other's counts.

use std::time::Duration;

use runtime::net::faults::{Action, PatternKind, Rule};

use super::crash::ping_number;
use super::messages::CONSUMER;
use super::{RECOVERY, SOON, all_show, send_pings, still_show};
use crate::cluster::{Cluster, Explained, Options, Unmet};
use crate::scenario::{Context, Stop, Told};

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

pub(super) async fn heals_after_partition(cx: &Context) -> Told {
    Cluster::tell(
        cx,
        &["n1", "n2", "n3"],
        Options::default(),
        async |cluster| {
            cluster.step("n1 sends one ping, n2 two and n3 three; all have them.");
            before_the_split(cluster).await?;

            cluster.step("The network is cut between n3 and the others: the links close.");
            let mark = cluster.mark();
            cluster.partition(&["n1", "n2"], &["n3"]).await?;
            during_the_split(cluster).await?;
            if !cluster.nothing_crossed(mark, &["n1", "n2"], &["n3"]) {
                return Err(Stop::inconclusive("Something crossed the cut."));
            }

            cluster.step("The network is whole again, and the nodes have found each other.");
            cluster.heal();
            after_the_heal(cluster).await
        },
    )
    .await
}

pub(super) async fn heals_after_blackhole(cx: &Context) -> Told {
    let options = Options {
        tick_time: TICK_TIME,
        ..Options::default()
    };
    Cluster::tell(cx, &["n1", "n2", "n3"], options, async |cluster| {
        cluster.step("n1 sends one ping, n2 two and n3 three; all have them.");
        before_the_split(cluster).await?;

        cluster.step("Between n3 and the others everything vanishes in silence, until both sides have noticed.");
        cluster.blackhole(&["n1", "n2"], &["n3"]);
        cluster.await_parted(&["n1", "n2"], &["n3"], NOTICED).await?;
        during_the_split(cluster).await?;

        cluster.step("The network is whole again, and the nodes have found each other.");
        cluster.heal();
        after_the_heal(cluster).await
    })
    .await
}

async fn before_the_split(cluster: &Cluster<'_>) -> Told {
    send_pings(cluster, "n1", 1, 1).await?;
    send_pings(cluster, "n2", 2, 2).await?;
    send_pings(cluster, "n3", 3, 3).await?;
    all_show(
        cluster,
        &["n1", "n2", "n3"],
        &[("n1", 1), ("n2", 2), ("n3", 3)],
        SOON,
        "all have the pings",
    )
    .await
}

async fn during_the_split(cluster: &Cluster<'_>) -> Told {
    cluster.step("On both sides of the cut pings are sent: four by n1, one by n3.");
    send_pings(cluster, "n1", 4, 5).await?;
    send_pings(cluster, "n3", 1, 4).await?;
    let own_side = async || {
        let (near, far) = (
            super::shows(cluster, "n2").await?,
            super::shows(cluster, "n3").await?,
        );
        if near.get("n1") != Some(&5) {
            return Err(Unmet::at(
                "n2",
                format!("n2's consumer shows {}", super::shown(&near)),
            ));
        }
        if far.get("n3") != Some(&4) {
            return Err(Unmet::at(
                "n3",
                format!("n3's consumer shows {}", super::shown(&far)),
            ));
        }
        Ok(())
    };
    cluster
        .eventually(
            SOON,
            "each side goes on counting its own pings (n1: 5 at n2, n3: 4 at n3)",
            own_side,
        )
        .await?;
    still_knows(cluster, "n2", &[("n1", 5), ("n2", 2), ("n3", 3)]).await?;
    still_knows(cluster, "n3", &[("n1", 1), ("n2", 2), ("n3", 4)]).await
}

/// A consumer shows these counts at least, those of the other side among them.
async fn still_knows(cluster: &Cluster<'_>, node: &str, known: &[(&str, u64)]) -> Told {
    let seen = super::shows(cluster, node).await?;
    let forgotten = known
        .iter()
        .any(|(of, count)| seen.get(*of).is_none_or(|shown| shown < count));
    if !forgotten {
        return Ok(());
    }
    let wanted = super::shown(&super::counts(known));
    Err(cluster
        .failed_at(
            node,
            format!("{node}'s consumer shows {}", super::shown(&seen)),
            format!("what was counted of a node is kept while it cannot be reached (wanted on {node}: {wanted})"),
        )
        .because(
            "That a node cannot be reached does not undo its pings. What was last known of it is the best \
             that there is, and perhaps only the way to it is cut.",
        )
        .into())
}

async fn after_the_heal(cluster: &Cluster<'_>) -> Told {
    cluster.await_mesh().await?;
    let all = [("n1", 5), ("n2", 2), ("n3", 4)];
    all_show(cluster, &["n1", "n2", "n3"], &all, SOON, BOTH_SIDES)
        .await
        .because(WHY_MEET)?;
    still_show(cluster, &["n1", "n2", "n3"], &all, BOTH_SIDES)
        .await
        .because("To meet again is no new ping: what both sides tell each other must not be counted twice.")
}

pub(super) async fn newcomers_learn(cx: &Context) -> Told {
    Cluster::tell(cx, &["n1", "n2"], Options::default(), async |cluster| {
        cluster.step("n1 sends three pings; n2 has them.");
        send_pings(cluster, "n1", 3, 3).await?;
        all_show(cluster, &["n1", "n2"], &[("n1", 3)], SOON, "all have the pings").await?;

        cluster.step("n3 joins, late, and the network holds back what n1 first tells it.");
        let late = [
            Rule::new(Action::Hold).kind(PatternKind::Answer),
            Rule::new(Action::Hold).kind(PatternKind::Cast).matching(|message| ping_number(message) == Some(3)),
        ];
        let late = late.map(|rule| cluster.rule(rule.from(&cluster.name("n1")).to(&cluster.name("n3")).times(1)));
        let is_late = || late.iter().any(|rule| rule.held() > 0);
        cluster.join("n3").await?;
        let caught = async || {
            let seen = super::shows(cluster, "n3").await?;
            match is_late() || seen.get("n1") == Some(&3) {
                true => Ok(()),
                false => Err(Unmet::at("n3", format!("n3's consumer shows {}", super::shown(&seen)))),
            }
        };
        cluster.eventually(SOON, format!("{BOTH_SIDES} (wanted on n3: {{n1: 3}})"), caught).await.because(WHY_MEET)?;

        cluster.step("n1 sends its fourth ping, and then what was held back arrives.");
        send_pings(cluster, "n1", 1, 4).await?;
        let claim = "a new ping counts, also while an answer is outstanding";
        all_show(cluster, &["n1", "n2", "n3"], &[("n1", 4)], WAITING, claim).await?;
        for rule in &late {
            rule.release();
        }
        still_show(cluster, &["n1", "n2", "n3"], &[("n1", 4)], "what both sides tell each other does not overwrite a newer ping")
            .await
            .because("An answer tells how things were when it was given. Of two counts of one producer the higher one is right.")?;

        cluster.step("n2, which never sent a ping, is killed and started again: it remembers nothing.");
        cluster.restart("n2").await?;
        all_show(cluster, &["n1", "n2", "n3"], &[("n1", 4)], SOON, BOTH_SIDES)
            .await
            .because("A node of the same name is not the same node: what the first n2 was told, the second one does not know.")?;
        still_show(cluster, &["n1", "n2", "n3"], &[("n1", 4)], BOTH_SIDES).await
    })
    .await
}

pub(super) async fn crash_during_split(cx: &Context) -> Told {
    Cluster::tell(cx, &["n1", "n2", "n3"], Options::default(), async |cluster| {
        cluster.step("n1 sends two pings, n2 one and n3 four; all have them.");
        send_pings(cluster, "n1", 2, 2).await?;
        send_pings(cluster, "n2", 1, 1).await?;
        send_pings(cluster, "n3", 4, 4).await?;
        let before = [("n1", 2), ("n2", 1), ("n3", 4)];
        all_show(cluster, &["n1", "n2", "n3"], &before, SOON, "all have the pings").await?;

        cluster.step("n1 is cut off; then n3's consumer crashes, and n2 sends another ping.");
        cluster.partition(&["n1"], &["n2", "n3"]).await?;
        cluster.crash("n3", &CONSUMER).await?;
        send_pings(cluster, "n2", 1, 2).await?;
        let own_side = async || {
            let seen = super::shows(cluster, "n3").await?;
            if seen.get("n2") == Some(&2) && seen.get("n3") == Some(&4) {
                return Ok(());
            }
            Err(Unmet::at("n3", format!("n3's consumer shows {}", super::shown(&seen))))
        };
        cluster.eventually(RECOVERY, "the consumer regains the counts of its own side (n2: 2, n3: 4 at n3)", own_side).await?;

        cluster.step("The network is whole again, and the nodes have found each other. n1 has sent no ping meanwhile.");
        cluster.heal();
        cluster.await_mesh().await?;
        let all = [("n1", 2), ("n2", 2), ("n3", 4)];
        let claim = "after the heal all counts are right everywhere";
        all_show(cluster, &["n1", "n2", "n3"], &all, SOON, claim).await.because(
            "n1 cannot know that n3's consumer has forgotten its count, for that happened where it could not see. \
             What it last sent is not what the other side still has.",
        )?;
        still_show(cluster, &["n1", "n2", "n3"], &all, claim).await
    })
    .await
}
