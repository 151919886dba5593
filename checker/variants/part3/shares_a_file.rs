//! kind = "near-miss"
//! problem = 2
//! claim = "has come to it over the network"
//! about = "Each node writes its links into a folder that all nodes read, and tells nobody of them."
//! mistakes = ["shares-a-disk"]

// ── file protocol.rs
// ── gap 0: more messages to a cache
LookAround,
// ── end 0
// ── file cache.rs
// ── gap 0: whatever else is to do at the start
ctx.send_every(Duration::from_millis(20), || CacheMsg::LookAround);
// ── end 0
// ── gap 0: messages of your own
CacheMsg::LookAround => self.look_around(),
// ── end 0
// ── gap 0: functions of your own
/// Where all nodes of a cluster write: their own folders lie side by side.
fn folder() -> std::path::PathBuf {
    let own = std::path::PathBuf::from(std::env::var_os("SCRATCH_DIR").unwrap_or_default());
    own.with_file_name("links")
}

fn look_around(&mut self) {
    for file in std::fs::read_dir(Cache::folder()).into_iter().flatten().flatten() {
        let code = file.file_name().to_str().and_then(|name| name.parse().ok());
        let text = std::fs::read_to_string(file.path()).ok();
        let link = text.and_then(|text| Link::from_text(&text));
        if let (Some(code), Some(link)) = (code, link) {
            self.table.put(code, link);
        }
    }
}
// ── end 0
// ── gap 2: tell all the others
let _ = ctx;
let _ = std::fs::create_dir_all(Cache::folder());
let _ = std::fs::write(Cache::folder().join(code.to_string()), link.to_text());
// ── end 2
