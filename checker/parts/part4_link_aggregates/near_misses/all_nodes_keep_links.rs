//! kind = "near-miss"
//! problem = 2
//! claim = "only the owner keeps a link"
//! about = "After the owner has claimed a code, the entry has all other nodes look it up."
//! mistakes = ["others-told-of-creation"]

// ── file links.rs
// ── replace
return self.ask(&code, &owner, &CLAIM, (codes, link)).await;
// ── with
let claimed = self.ask(&code, &owner, &CLAIM, (codes, link)).await;
for node in self.node.list() {
    let _: Result<Result<Link, Refusal>, String> =
        self.run_on(&node, &LOOK_UP, code.clone(), OWNER_TIMEOUT).await;
}
return claimed;
// ── end
