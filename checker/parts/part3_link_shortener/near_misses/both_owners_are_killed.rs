//! kind = "near-miss"
//! problem = 4
//! claim = "nodes join late, are killed and start again, and visitors ask for everything"
//! about = "Of two sweepers that meet both are killed, so when several nodes start at nearly one moment, a supervisor gives up and its node ends."

// ── file sweeper.rs
// ── replace
let registered = global.register_with(&name, ctx.me(), Resolver::Notify);
// ── with
let registered = global.register_with(&name, ctx.me(), Resolver::KillBoth);
// ── end
