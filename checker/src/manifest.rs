//! The parts of the course, by name and in order.

use testkit::part::Part;

pub use parts::PARTS;

/// The part that a command names.
pub fn part(name: &str) -> Option<&'static Part> {
    PARTS.iter().find(|part| part.name == name)
}

/// The part that comes after another one.
pub fn next(part: &Part) -> Option<&'static Part> {
    PARTS.iter().find(|other| other.number == part.number + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_and_problems_are_numbered_in_order() {
        for (part, number) in PARTS.iter().zip(1..) {
            assert_eq!(part.number, number);
            assert!(part.folder.starts_with(&format!("part{number}_")));
            for (problem, number) in part.problems.iter().zip(1..) {
                assert_eq!(problem.number, number, "{}", part.name);
            }
        }
    }

    #[test]
    fn failure_never_leads_to_a_later_problem() {
        for part in PARTS.iter() {
            for mistake in part.mistakes {
                for failed in mistake.problems {
                    let (training, hint_of) = mistake.lead(part, *failed);
                    let leads_to = part.problems.iter().find(|of| of.anchor == training);
                    assert!(
                        leads_to.is_none_or(|of| of.number <= *failed),
                        "{} leads from problem {failed} to {training}",
                        mistake.id
                    );
                    assert!(hint_of.is_none_or(|of| of < *failed), "{}", mistake.id);
                }
            }
        }
    }

    #[test]
    fn hint_is_of_the_problem_that_explains_the_mistake() {
        #[track_caller]
        fn check(mistake: &str, failed: u8, expected: (&str, Option<u8>)) {
            let found = PARTS[0].mistakes.iter().find(|other| other.id == mistake);
            assert_eq!(found.unwrap().lead(&PARTS[0], failed), expected);
        }
        check("counts-deliveries", 1, ("problem-1-broadcast", None));
        check("counts-deliveries", 4, ("problem-1-broadcast", Some(1)));
        check("overwrites-with-older", 1, ("problem-1-broadcast", None));
        check("overwrites-with-older", 5, ("problem-3-crash", Some(3)));
    }
}
