//! kind = "right"
//! about = "The register casts the entry to each node of its list, one after the other."

// ── file register.rs
// ── replace
let _ = ctx.abcast(&REGISTER, RegisterMsg::Written(entry)).await;
// ── with
for node in ctx.list() {
    let written = RegisterMsg::Written(entry.clone());
    let _ = ctx.cast(&REGISTER.at(&node), written).await;
}
// ── end
