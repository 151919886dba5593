//! kind = "near-miss"
//! problem = 5
//! claim = "nodes send each other views"
//! about = "Each node writes its views to the store, and reads those of the others there."
//! mistakes = ["nobody-told-of-views", "keeps-views-in-the-store"]

// ── file protocol.rs
// ── after
Merge(Code, Usage),
// ── add
LookAround,
// ── end
// ── file counters.rs
// ── after
if let Err(why) = ctx.groups().join(&ALL_COUNTERS, ctx.me()).await {
    // …
}
// ── add
ctx.send_every(Duration::from_millis(20), || CountersMsg::LookAround);
// ── end
// ── after
CountersMsg::Merge(code, news) => self.views.merge(code, &news),
// ── add
CountersMsg::LookAround => {
    let own = format!("views:{}", ctx.name());
    let all = runtime::wire::encode(&self.views.all()).unwrap_or_default();
    ask_store(&[b"SET", own.as_bytes(), &all]);
    for node in 1..=4 {
        let theirs = ask_store(&[b"GET", format!("views:n{node}@127.0.0.1").as_bytes()]);
        self.views.merge_all(runtime::wire::decode(&theirs).unwrap_or_default());
    }
}
// ── end
// ── replace
CountersMsg::Share(code, news) => share(&code, &news, ctx),
// ── with
CountersMsg::Share(..) => {}
// ── end
// ── add
/// Gives the store a command. What it answers is a value, or nothing.
fn ask_store(command: &[&[u8]]) -> Vec<u8> {
    let url = std::env::args().skip_while(|arg| arg != "--store").nth(1).unwrap_or_default();
    let place = url.trim_start_matches("redis://").split('/').next().unwrap_or_default();
    let mut request = format!("*{}\r\n", command.len()).into_bytes();
    for word in command {
        request.extend([format!("${}\r\n", word.len()).as_bytes(), word, b"\r\n"].concat());
    }
    let answer = || -> std::io::Result<Vec<u8>> {
        let mut store = std::io::BufReader::new(std::net::TcpStream::connect(place)?);
        std::io::Write::write_all(store.get_mut(), &request)?;
        let mut length = String::new();
        std::io::BufRead::read_line(&mut store, &mut length)?;
        let length = length.trim().trim_start_matches('$').parse().unwrap_or(0);
        let mut value = vec![0; length];
        std::io::Read::read_exact(&mut store, &mut value)?;
        Ok(value)
    };
    answer().unwrap_or_default()
}
// ── end
