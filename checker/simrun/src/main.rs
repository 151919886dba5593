fn main() -> std::process::ExitCode {
    let simulation = testkit::simulation::Simulation::of(|node| Box::pin(ping_pong_solution::start(node)));
    testkit::simulation::main(&part1_ping_pong::part(), &simulation)
}
