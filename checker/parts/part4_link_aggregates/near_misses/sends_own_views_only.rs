//! kind = "near-miss"
//! problem = 7
//! claim = "a restarted node adds to what its peers know"
//! about = "A node sends only its own views to a node that it meets."

// ── file counters.rs
// ── replace
if self.views.len() > FEW_LINKS {
    // …
inform(member, self.views.all(), ctx);
// ── with
let own = slot(ctx);
let links = self.views.all().into_iter().map(|(code, usage)| {
    let views = usage.views.only(&own);
    (code, Usage { views, ..Usage::default() })
});
inform(member, links.collect(), ctx);
// ── end
