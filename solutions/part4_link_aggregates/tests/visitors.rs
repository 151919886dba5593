//! The sketch of visitors.

use link_aggregates_solution::visitors::Visitors;

fn some(from: u32, to: u32) -> Visitors {
    let mut visitors = Visitors::default();
    for number in from..to {
        visitors.add(&format!("visitor {number}"));
    }
    visitors
}

#[test]
fn estimates_are_close() {
    for count in [0, 1, 10, 100, 1_000, 10_000, 20_000, 100_000] {
        let estimate = some(0, count).estimate() as f64;
        let off = (estimate - f64::from(count)).abs();
        assert!(off <= f64::from(count) * 0.05, "{estimate} for {count}");
    }
}

#[test]
fn repeated_visitors_do_not_count() {
    let mut visitors = some(0, 500);
    let before = visitors.clone();
    visitors.merge(&some(100, 300));
    visitors.add("visitor 7");
    assert_eq!(visitors, before);
}

#[test]
fn single_additions_make_up_the_whole() {
    let (mut here, mut there) = (Visitors::default(), Visitors::default());
    for number in (0..1000).rev() {
        there.merge(&here.add(&format!("visitor {number}")));
    }
    assert_eq!(here, there);
    assert_eq!(here, some(0, 1000));
}
