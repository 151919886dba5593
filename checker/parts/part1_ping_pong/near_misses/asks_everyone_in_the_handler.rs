//! kind = "near-miss"
//! problem = 2
//! claim = "in time"
//! about = "The producer waits for the answers in its handler, so of two callers at once the second waits twice as long."

// ── file producer.rs
// ── replace
let node = ctx.clone();
ctx.spawn(async move {
    let asked = node
// ── with
    let asked = ctx
// ── end
// ── replace
        failed,
    });
});
// ── with
        failed,
    });
// ── end
