//! Problem 1: the functions of two jobs, tried on one node.

use std::time::Duration;

use super::fact::Fact;
use batch::LocalMsg;

use super::messages::{JobKind, LOCAL};
use super::text::{self, Texts, file, prose, word};
use super::{Plan, empty_partition, inexact, place, texts};
use testkit::cluster::{Cluster, Explained, Options};
use testkit::scenario::{Context, Stop, Told};
use testkit::seed::{Draw, in_words};
use testkit::trouble::{Result, While};

/// How long a whole job may take on one node, whose program is not optimized.
const LOCAL_TIMEOUT: Duration = Duration::from_secs(20);

const COUNT: &str = "the word count is exact";
const INDEX: &str = "the index lists each file once";

pub(super) async fn word_count_is_exact(cx: &Context) -> Told {
    let mut draw = cx.draw();
    let [node, ..] = draw.cast(["n1", "n2", "n3"]);
    Cluster::tell(cx, &[node], Options::default(), async |cluster| {
        cluster.step(format!("{node} counts the words of the King James Bible, alone."));
        let bible = texts(cluster).with(&file(&mut draw), bible(cluster)?)?;
        alone(cluster, node, &plan(&bible, JobKind::WordCount), COUNT).await?;

        cluster.step(
            "It counts a text in which one word makes up half, one without line ends, an empty one, one that is not UTF-8, \
             one of 100,000 different words, and one with a word of 70,000 letters.",
        );
        let odd = odd_texts(cluster, &mut draw)?;
        alone(cluster, node, &plan(&odd, JobKind::WordCount), COUNT).await?;

        cluster.step("It counts a text in which all words begin with the same letters, and have the same length.");
        let alike: String = (0..2_000).map(|_| format!("un{} ", word(draw.number(70..=4_900) as usize))).collect();
        let alike = texts(cluster).with(&file(&mut draw), alike)?;
        alone(cluster, node, &plan(&alike, JobKind::WordCount), COUNT).await
    })
    .await
}

pub(super) async fn index_lists_each_file_once(cx: &Context) -> Told {
    let mut draw = cx.draw();
    let [node, ..] = draw.cast(["n1", "n2", "n3"]);
    // So many that no order but the right one is theirs by chance.
    let of_prose = draw.number(8..=10);
    Cluster::tell(cx, &[node], Options::default(), async |cluster| {
        cluster.step(format!(
            "{node} makes an index of {} files, alone.",
            in_words(of_prose + 2)
        ));
        let mut files = texts(cluster);
        for number in 0..of_prose {
            // One name has a blank in it, and one has a comma.
            let name = match number {
                0 => format!("a {}", file(&mut draw)),
                1 => format!("a,{}", file(&mut draw)),
                _ => file(&mut draw),
            };
            files = files.with(&name, prose(&mut draw, 700, 300))?;
        }
        let files = files.with(&file(&mut draw), "")?.with(
            &file(&mut draw),
            b"The \xff\xfe the\nTHE the9the\n".as_slice(),
        )?;
        alone(cluster, node, &plan(&files, JobKind::InvertedIndex), INDEX).await
    })
    .await
}

fn plan(texts: &Texts, kind: JobKind) -> Plan<'_> {
    Plan {
        texts,
        kind,
        split_bytes: 256 << 10,
        partitions: 4,
        experiment: None,
    }
}

/// The text that the part brings along.
pub(super) fn bible(cluster: &Cluster<'_>) -> Result<Vec<u8>> {
    let path = cluster.context().data.join("kjv.txt");
    std::fs::read(&path).or_trouble(|| format!("read {}", path.display()))
}

fn odd_texts(cluster: &Cluster<'_>, draw: &mut Draw) -> Result<Texts> {
    let often = word(draw.number(500..=5000) as usize);
    // More than two bytes can count.
    let half: String = (0..70_000)
        .map(|number| format!("{often} {} ", word(number % 500)))
        .collect();
    let giant = prose(draw, 100_000, 300).replace('\n', ".");
    let mut bytes = b"caf\xc3\xa9 na\xefve \xff\xfe\0end it's e-mail x2y\r\n".repeat(50);
    bytes.extend((0..=255_u8).flat_map(|byte| [byte, b'w']));
    let many: String = (0..100_000)
        .map(|number| word(number) + if number % 7 == 0 { "\n" } else { "," })
        .collect();
    texts(cluster)
        .with(
            &file(draw),
            half.replace(&format!(" {often} "), &format!("\n{often} ")),
        )?
        .with(&file(draw), giant)?
        .with(&file(draw), "")?
        .with(&file(draw), bytes)?
        .with(&file(draw), many)?
        .with(&file(draw), format!("{}\n", word(7).repeat(35_000)))
}

/// Has a node do a job alone, and compares the output.
async fn alone(cluster: &Cluster<'_>, node: &str, plan: &Plan<'_>, claim: &str) -> Told {
    let output = place(cluster)?;
    let spec = plan.spec(&output);
    let done = cluster
        .call_within(LOCAL_TIMEOUT, node, &LOCAL, |reply| {
            LocalMsg::Run(spec, reply)
        })
        .await
        .map_err(Stop::from)?;
    if let Err(why) = done {
        let node_name = node.to_owned();
        let fact = Fact::LocalJobFailed {
            node: node_name,
            why,
        };
        return Err(fact.of(cluster, node, claim).into());
    }
    let table = text::read_output(&output, plan.partitions)
        .map_err(|wrong| Stop::from(inexact(cluster, node, wrong, claim)))
        .because(
            "A program that looks a word up reads only the file that the word's partition names.",
        )?;
    if let Some(wrong) = text::difference(&table, &plan.expected()) {
        return Err(inexact(cluster, node, wrong, claim).into());
    }
    match empty_partition(&output, plan.partitions, table.len()) {
        Some(fact) => {
            let expected = format!(
                "{claim}, and keys are spread over all {} partitions",
                plan.partitions
            );
            Err(fact
                .of(cluster, node, expected)
                .because("One node reduces each partition. If one partition has all keys, one node does all the work.")
                .into())
        }
        None => Ok(()),
    }
}
