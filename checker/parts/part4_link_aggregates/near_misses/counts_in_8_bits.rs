//! kind = "near-miss"
//! problem = 5
//! claim = "concurrent views add up exactly"
//! about = "A slot counts up to 255."

// ── file g_counter.rs
// ── replace
*count = count.saturating_add(by);
// ── with
*count = count.saturating_add(by).min(255);
// ── end
