use clap::Args;
fn flags<F: Args>(flags: Vec<String>) -> F {
    let command = F::augment_args(clap::Command::new("node").no_binary_name(true));
    F::from_arg_matches(&command.try_get_matches_from(flags).expect("flags")).expect("flags")
}
fn main() -> std::process::ExitCode {
    match std::env::args().last().as_deref() {
        Some("3") => testkit::simulation::main(
            &part3_link_shortener::part(),
            &testkit::simulation::Simulation::of(|node, f| {
                Box::pin(link_shortener_solution::start(node, flags(f)))
            }),
        ),
        Some("4") => testkit::simulation::main(
            &part4_link_aggregates::part(),
            &testkit::simulation::Simulation::of(|node, f| {
                Box::pin(link_aggregates_solution::start(node, flags(f)))
            }),
        ),
        _ => testkit::simulation::main(
            &part1_ping_pong::part(),
            &testkit::simulation::Simulation::of(|node, _| {
                Box::pin(ping_pong_solution::start(node))
            }),
        ),
    }
}
