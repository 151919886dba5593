//! The ring of part 4: fair shares, few moves, and the same on every node.

use std::collections::BTreeMap;

use link_aggregates_solution::protocol::RingState;
use link_aggregates_solution::ring::{Owners, Places};
use runtime::NodeName;
use shortener::Code;

const CODES: usize = 10_000;

fn codes() -> Vec<Code> {
    let url = |number| format!("https://example.org/{number}");
    let first = |number| Code::candidates(&url(number)).swap_remove(0);
    (0..CODES).map(first).collect()
}

/// Clusters whose nodes are called in different ways.
fn names() -> Vec<Vec<NodeName>> {
    let names = |name: fn(usize) -> String| (1..=10).map(move |n| name(n).parse().unwrap());
    let metals = [
        "gold", "silver", "copper", "iron", "tin", "lead", "zinc", "nickel", "mercury", "cobalt",
    ];
    vec![
        names(|n| format!("n{n}@127.0.0.1")).collect(),
        names(|n| format!("n{n}@sim")).collect(),
        names(|n| format!("node-{n:03}@10.0.0.{n}")).collect(),
        names(|n| format!("{}@localhost", "x".repeat(n))).collect(),
        metals
            .map(|metal| format!("{metal}@127.0.0.1").parse().unwrap())
            .to_vec(),
    ]
}

fn owners(members: &[NodeName], codes: &[Code]) -> Vec<NodeName> {
    let places = Places::of(members);
    codes
        .iter()
        .map(|code| places.owner(code).unwrap())
        .collect()
}

#[test]
fn shares_are_even() {
    let codes = codes();
    let mut worst = 0.0_f64;
    for names in names() {
        for size in 3..=10 {
            let mut shares: BTreeMap<NodeName, usize> = BTreeMap::new();
            for owner in owners(&names[..size], &codes) {
                *shares.entry(owner).or_default() += 1;
            }
            assert_eq!(shares.len(), size);
            for (node, share) in shares {
                let off = (share * size) as f64 / CODES as f64 - 1.0;
                assert!(off.abs() < 0.2, "{node}, one of {size}: {share}");
                worst = worst.max(off.abs());
            }
        }
    }
    println!("at most {worst:.3} off");
}

#[test]
fn codes_move_only_to_a_new_member_and_from_a_former_one() {
    let codes = codes();
    let mut worst = 0.0_f64;
    for names in names() {
        for size in 3..=10 {
            let (fewer, more) = (&names[..size - 1], &names[..size]);
            let (before, after) = (owners(fewer, &codes), owners(more, &codes));
            let moved = before
                .iter()
                .zip(&after)
                .filter(|(before, after)| before != after);
            assert!(moved.clone().all(|(_, after)| *after == names[size - 1]));
            let moved = (moved.count() * size) as f64 / CODES as f64;
            assert!(moved <= 1.3, "{moved} of a fair share, with {size} members");
            worst = worst.max(moved);
        }
    }
    println!("at most {worst:.3} of a fair share moved");
}

#[test]
fn order_and_duplicates_of_members_do_not_matter() {
    let codes = codes();
    let names = &names()[0][..3];
    let [n1, n2, n3] = [&names[0], &names[1], &names[2]].map(Clone::clone);
    let others = [n3.clone(), n1.clone(), n2, n1, n3];
    assert_eq!(owners(names, &codes), owners(&others, &codes));
}

#[test]
fn ring_is_the_same_in_every_process() {
    let owners = owners(&names()[0], &codes()[..8]);
    let short: Vec<&str> = owners.iter().map(NodeName::short).collect();
    assert_eq!(short, ["n8", "n2", "n4", "n7", "n9", "n9", "n10", "n5"]);
}

#[test]
fn no_node_owns_a_code_without_members() {
    assert_eq!(Places::of(&[]).owner(&codes()[0]), None);
}

#[test]
fn excluded_owner_is_replaced_by_the_owner_among_the_others() {
    let codes = &codes()[..1000];
    for names in names() {
        let ring = Owners::default();
        ring.learn(Ok(names.clone()));
        for absent in [&names[..0], &names[..1], &names[3..5], &names[1..]] {
            let mut others = names.clone();
            others.retain(|node| !absent.contains(node));
            let absent: Vec<&NodeName> = absent.iter().collect();
            let next = codes
                .iter()
                .map(|code| ring.excluding(&absent, code).unwrap());
            assert_eq!(next.collect::<Vec<_>>(), owners(&others, codes));
        }
        let all: Vec<&NodeName> = names.iter().collect();
        assert_eq!(ring.excluding(&all, &codes[0]), None);
    }
}

#[test]
fn members_that_cannot_be_read_stay() {
    let owners = Owners::default();
    let code = &codes()[0];
    assert_eq!(owners.of(code), None);
    let n1: NodeName = "n1@sim".parse().unwrap();
    owners.learn(Ok(vec![n1.clone(), n1.clone()]));
    owners.learn(Err("the store is away".into()));
    assert_eq!(owners.of(code), Some(n1.clone()));
    let stale = Some("the store is away".to_owned());
    assert_eq!(
        owners.state(),
        RingState {
            members: vec![n1],
            stale
        }
    );
    owners.learn(Ok(vec![]));
    assert_eq!(owners.of(code), None);
    assert_eq!(owners.state(), RingState::default());
}
