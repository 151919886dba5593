//! The laws of the G-Counter.

use link_aggregates_solution::g_counter::{Evaluated, Step};
use link_aggregates_solution::g_counter::{GCounter, Slot, evaluate};

fn counter(counts: &[(&str, u64)]) -> GCounter {
    let mut counter = GCounter::new();
    for (slot, by) in counts {
        counter.increment(&Slot::new(*slot), *by);
    }
    counter
}

fn merged(one: &GCounter, two: &GCounter) -> GCounter {
    let mut one = one.clone();
    one.merge(two);
    one
}

#[test]
fn merges_ignore_order_and_repetition() {
    let a = counter(&[("n1", 3), ("n2", 1)]);
    let b = counter(&[("n2", 4), ("n3", 1)]);
    let c = counter(&[("n1", 5)]);
    assert_eq!(merged(&a, &b), merged(&b, &a));
    assert_eq!(merged(&merged(&a, &b), &c), merged(&a, &merged(&b, &c)));
    assert_eq!(merged(&a, &a), a);
    assert_eq!(merged(&merged(&a, &b), &c).value(), 5 + 4 + 1);
}

#[test]
fn adding_zero_changes_nothing() {
    assert_eq!(counter(&[("n1", 0)]), GCounter::new());
    assert_eq!(counter(&[("n1", 0)]).value(), 0);
}

#[test]
fn experiment_ignores_counters_that_do_not_exist() {
    let increment = |counter, by| Step::Increment {
        counter,
        slot: Slot::new("n1"),
        by,
    };
    let steps = [
        increment(0, 1),
        Step::New,
        Step::New,
        increment(0, 2),
        Step::Merge { into: 0, from: 0 },
        Step::Merge { into: 7, from: 0 },
        Step::Merge { into: 0, from: 7 },
        Step::New,
        Step::Merge { into: 2, from: 0 },
    ];
    let expected = Evaluated {
        values: vec![2, 0, 2],
        equal: vec![(0, 2)],
    };
    assert_eq!(evaluate(&steps), expected);
}
