//! kind = "near-miss"
//! problem = 5
//! claim = "learns about another node only over the network"
//! about = "Each node writes its views into a folder that all nodes read, and sends no messages about them."
//! mistakes = ["shares-a-disk"]

// ── file protocol.rs
// ── after
Want(ProcessId, Vec<u8>),
// ── add
LookAround,
// ── end
// ── file counters.rs
// ── after
views.count_in(slot(ctx));
// ── add
ctx.send_every(Duration::from_millis(20), || CountersMsg::LookAround);
// ── end
// ── after
CountersMsg::Want(from, parts) => self.wanted(&from, &parts, ctx),
// ── add
CountersMsg::LookAround => {
    for file in std::fs::read_dir(folder()).into_iter().flatten().flatten() {
        let name = file.file_name();
        let code = name.to_str().and_then(|name| name.split(' ').next()?.parse().ok());
        let bytes = std::fs::read(file.path()).unwrap_or_default();
        if let (Some(code), Ok(news)) = (code, runtime::wire::decode::<Usage>(&bytes)) {
            self.views.merge(code, &news);
        }
    }
}
// ── end
// ── replace
for member in ctx.groups().members(&ALL_COUNTERS) {
    if member.node() != ctx.name() {
        // …
}
// ── with
let _ = std::fs::create_dir_all(folder());
let file = folder().join(format!("{code} {}", ctx.name()));
let _ = std::fs::write(file, runtime::wire::encode(news).unwrap_or_default());
// ── end
// ── add
/// Where all nodes of a cluster write: their own folders lie side by side.
fn folder() -> std::path::PathBuf {
    let own = std::path::PathBuf::from(std::env::var_os("SCRATCH_DIR").unwrap_or_default());
    own.with_file_name("views")
}
// ── end
