//! kind = "near-miss"
//! problem = 3
//! claim = "a silent owner keeps nobody waiting"
//! about = "Both owners are waited for two seconds each."
//! mistakes = ["time-limits-add-up"]

// ── file links.rs
// ── gap 2: a remote task
let run = self.node.run_on(node, function, args);
match tokio::time::timeout(within * 2, run).await {
    Ok(ran) => ran.map_err(|why| why.to_string()),
    Err(_) => Err("no answer".to_owned()),
}
// ── end 2
