//! kind = "right"
//! about = "Of two sweepers that meet both are killed; they are started again and try for the name again."

// ── file sweeper.rs
// ── replace
let registered = global.register_with(&name, ctx.me(), Resolver::Notify);
// ── with
let registered = global.register_with(&name, ctx.me(), Resolver::KillBoth);
// ── end
