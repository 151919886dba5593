//! kind = "right"
//! about = "A node sends each view at once, and again after half a second."

// ── file protocol.rs
// ── after
Want(ProcessId, Vec<u8>),
// ── add
ShareAgain(Code, Usage),
// ── end
// ── file counters.rs
// ── replace
CountersMsg::Share(code, news) => share(&code, &news, ctx),
// ── with
CountersMsg::Share(code, news) => {
    share(&code, &news, ctx);
    ctx.send_after(Duration::from_millis(500), CountersMsg::ShareAgain(code, news));
}
CountersMsg::ShareAgain(code, news) => share(&code, &news, ctx),
// ── end
