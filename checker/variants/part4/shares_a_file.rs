//! kind = "near-miss"
//! problem = 5
//! claim = "has come to it over the network"
//! about = "Each node writes its views into a folder that all nodes read, and tells nobody of them."
//! mistakes = ["shares-a-disk"]

// ── file protocol.rs
// ── gap 0: more messages to the counters
LookAround,
// ── end 0
// ── file counters.rs
// ── gap 0: whatever else is to do at the start
ctx.send_every(Duration::from_millis(20), || CountersMsg::LookAround);
// ── end 0
// ── gap 0: messages of your own
CountersMsg::LookAround => self.look_around(),
// ── end 0
// ── gap 0: functions of your own
/// Where all nodes of a cluster write: their own folders lie side by side.
fn folder() -> std::path::PathBuf {
    let own = std::path::PathBuf::from(std::env::var_os("SCRATCH_DIR").unwrap_or_default());
    own.with_file_name("views")
}

fn look_around(&self) {
    for file in std::fs::read_dir(Counters::folder()).into_iter().flatten().flatten() {
        let name = file.file_name();
        let code = name.to_str().and_then(|name| name.split(' ').next()?.parse().ok());
        let bytes = std::fs::read(file.path()).unwrap_or_default();
        if let (Some(code), Ok(news)) = (code, runtime::wire::decode::<Usage>(&bytes)) {
            self.views.merge(code, &news);
        }
    }
}
// ── end 0
// ── gap 5: tell all the others
let _ = std::fs::create_dir_all(Counters::folder());
let file = Counters::folder().join(format!("{code} {}", ctx.name()));
if let Ok(bytes) = runtime::wire::encode(news) {
    let _ = std::fs::write(file, bytes);
}
// ── end 5
