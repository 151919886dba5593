use std::sync::Arc;
use testkit::simulation::{flags, main as run};
fn main() -> std::process::ExitCode {
    let part = std::env::var("PART").unwrap();
    match part.as_str() {
        "1" => run(
            &part1_ping_pong::part(),
            entropy::seed_this_thread,
            Arc::new(|node, _| Box::pin(ping_pong_solution::start(node))),
        ),
        "2" => run(
            &part2_map_reduce::part(),
            entropy::seed_this_thread,
            Arc::new(|node, _| Box::pin(map_reduce_solution::start(node))),
        ),
        "3" => run(
            &part3_link_shortener::part(),
            entropy::seed_this_thread,
            Arc::new(|node, of| {
                Box::pin(async { link_shortener_solution::start(node, flags(of)?).await })
            }),
        ),
        _ => run(
            &part4_link_aggregates::part(),
            entropy::seed_this_thread,
            Arc::new(|node, of| {
                Box::pin(async { link_aggregates_solution::start(node, flags(of)?).await })
            }),
        ),
    }
}
