//! Problem 1: lookups that the table answers, and how fast they are.

use std::time::Duration;

use super::{
    NOT_FOUND, commands_about, create, expect_redirect, expect_status, in_store, numbered, url,
};
use testkit::cluster::{Cluster, Explained, Options, Request};
use testkit::scenario::{Context, Stop, Told};
use testkit::seed::count_of;
use testkit::words::Names;
use tokio::time::sleep;

/// How long a command needs from a node to its store.
const STORE_DELAY: Duration = Duration::from_millis(2);

const NO_COMMAND: &str = "a lookup that the table can answer sends no command to the store";

pub(super) async fn hits_cost_no_command(cx: &Context) -> Told {
    let mut draw = cx.draw();
    let [node, ..] = draw.cast(["n1", "n2", "n3"]);
    let [known, first, created] = Names::new(&mut draw).take();
    let (count, rounds) = (draw.number(40..=80), draw.number(3..=5));
    Cluster::tell(cx, &[node], Options::with_store(), async |cluster| {
        cluster.step(format!(
            "The store has {count} links and needs 2 ms. {node} is asked for each of them."
        ));
        let links: Vec<(String, String)> = numbered(&known, count)
            .map(|code| (code.clone(), url(&format!("of-{code}"))))
            .collect();
        for (code, url) in &links {
            cluster
                .store_set(&format!("link:{code}"), &in_store(url))
                .await?;
        }
        // The first request opens the connection to the store, whose time is not the subject.
        let first = Request::get(format!("/{first}"));
        expect_status(cluster, node, &first, 404, NOT_FOUND).await?;
        cluster.store_slow([node], STORE_DELAY);
        let begun = cluster.store_mark();
        let uncached = look_up_all(cluster, node, &links, 1).await?;
        let asked = cluster.store_commands(begun).by(node).forwarded();
        if asked.key_starts(&format!("link:{known}-")).len() < links.len() {
            return Err(Stop::inconclusive(format!(
                "{node} knew links before it asked the store for them.",
            )));
        }

        cluster.step(format!(
            "{node} is asked for all of them again, {}.",
            count_of(rounds, "time")
        ));
        let mark = cluster.store_mark();
        let cached = look_up_all(cluster, node, &links, rounds).await?;
        let codes: Vec<&str> = links.iter().map(|(code, _)| code.as_str()).collect();
        expect_no_command(cluster, node, mark, &codes, "looked up").await?;

        cluster.step(format!("{node} creates a link, and is asked for it."));
        let page = url(&created);
        let code = create(cluster, node, &page).await?;
        let mark = cluster.store_mark();
        let answer = cluster.get(node, &format!("/{code}")).await?;
        let claim = "a node that creates a link follows it at once";
        expect_redirect(cluster, node, &code, &answer, &page, claim)?;
        expect_no_command(cluster, node, mark, &[&code], "created").await?;

        cluster.step(format!(
            "The store refuses {node}, which is asked for all links once more."
        ));
        cluster.store_refused([node]);
        look_up_all(cluster, node, &links, 1)
            .await
            .because("A link in the table is there, whatever state the store is in.")?;
        observe(cluster.context(), &uncached, &cached);
        Ok(())
    })
    .await
}

/// Looks all links up, one after the other, and gives the duration of each lookup.
async fn look_up_all(
    cluster: &Cluster<'_>,
    node: &str,
    links: &[(String, String)],
    rounds: u64,
) -> Result<Vec<Duration>, Stop> {
    let mut times = Vec::new();
    for _ in 0..rounds {
        for (code, url) in links {
            let answer = cluster.get(node, &format!("/{code}")).await?;
            let claim = "a node follows the links in the store";
            expect_redirect(cluster, node, code, &answer, url, claim)?;
            times.push(answer.took);
        }
    }
    Ok(times)
}

/// A node has given the store no command about these codes since a mark.
async fn expect_no_command(
    cluster: &Cluster<'_>,
    node: &str,
    mark: u64,
    codes: &[&str],
    how: &str,
) -> Told {
    // A command that is sent behind an answer reaches the store by then.
    cluster.quiesce().await?;
    sleep(STORE_DELAY * 5).await;
    let commands = commands_about(cluster, node, mark, codes);
    let Some(first) = commands.iter().next() else {
        return Ok(());
    };
    let (times, name) = (commands.len(), &first.name);
    let key = first.key.as_deref().unwrap_or_default();
    Err(cluster
        .failed_at(
            node,
            format!("{node} sent the store {times} commands about links that had just been {how}; the first was {name} {key}"),
            NO_COMMAND,
        )
        .because("All nodes share one store, and it is far away. Each question that a node repeats takes the place of a question from another node.")
        .into())
}

/// Reports the times of redirects before and after caching, as two histograms.
fn observe(cx: &Context, uncached: &[Duration], cached: &[Duration]) {
    cx.observe(histogram("from the store", uncached));
    cx.observe(histogram("from the table", cached));
    cx.observe(format!(
        "{:22}columns: up to ¼, ½, 1, 2, 4, 8, 16 ms, and more",
        ""
    ));
}

/// `from the table  p50  0.4 ms  p99  1.1 ms   ▁█▂▁▁▁▁▁`
fn histogram(name: &str, times: &[Duration]) -> String {
    const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let mut sorted = times.to_vec();
    sorted.sort();
    let at = |percent: usize| {
        let place = (sorted.len() * percent).div_ceil(100).saturating_sub(1);
        sorted.get(place).copied().unwrap_or_default().as_secs_f64() * 1000.0
    };
    let mut counts = [0_usize; 8];
    for time in &sorted {
        let column = (0..7)
            .find(|column| time.as_micros() <= 250 << column)
            .unwrap_or(7);
        counts[column] += 1;
    }
    let bars: String = counts
        .iter()
        .map(|count| match count {
            0 => ' ',
            count => BARS[(count * 8 / sorted.len()).min(7)],
        })
        .collect();
    let line = format!(
        "{name}  p50 {:5.1} ms  p99 {:5.1} ms   {bars}",
        at(50),
        at(99)
    );
    line.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn histogram_shows_where_the_times_are() {
        let times: Vec<Duration> = [300_u64; 98]
            .into_iter()
            .chain([3_000, 40_000])
            .map(Duration::from_micros)
            .collect();
        assert_eq!(
            histogram("from the table", &times),
            "from the table  p50   0.3 ms  p99   3.0 ms    █  ▁  ▁"
        );
        assert_eq!(histogram("none", &[]), "none  p50   0.0 ms  p99   0.0 ms");
    }
}
