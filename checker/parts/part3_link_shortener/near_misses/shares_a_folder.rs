//! kind = "near-miss"
//! problem = 2
//! claim = "learns about another node only over the network"
//! about = "Each node writes its links into a folder that all nodes read, and sends no other node a link."

// ── file cache.rs
// ── after
ctx.watch_group(&CACHES);
// ── add
ctx.send_every(Duration::from_millis(20), || CacheMsg::LookAround);
// ── end
// ── after
CacheMsg::Forget(code, link) => self.table.remove(&code, &link),
// ── add
CacheMsg::LookAround => {
    for file in std::fs::read_dir(folder()).into_iter().flatten().flatten() {
        let code = file.file_name().to_str().and_then(|name| name.parse().ok());
        let text = std::fs::read_to_string(file.path()).ok();
        let link = text.and_then(|text| Link::from_text(&text));
        if let (Some(code), Some(link)) = (code, link) {
            self.table.put(code, link);
        }
    }
}
// ── end
// ── replace
for member in ctx.groups().members(&CACHES) {
    // …
}
// ── with
let _ = std::fs::create_dir_all(folder());
let _ = std::fs::write(folder().join(code.to_string()), link.to_text());
// ── end
// ── add
/// Where all nodes of a cluster write: their own folders lie side by side.
fn folder() -> std::path::PathBuf {
    let own = std::path::PathBuf::from(std::env::var_os("SCRATCH_DIR").unwrap_or_default());
    own.with_file_name("links")
}
// ── end
// ── file protocol.rs
// ── after
Forget(Code, Link),
// ── add
LookAround,
// ── end
