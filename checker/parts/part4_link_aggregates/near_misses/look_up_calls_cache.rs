//! kind = "right"
//! about = "A lookup is a call to the owner's cache, not a function that runs there."

// ── file links.rs
// ── replace
Some(owner) => return self.ask(&code, &owner, &LOOK_UP, code.clone()).await,
// ── with
Some(owner) => {
    let cache = CACHE.at(&owner);
    let asked = self.node.call(&cache, |reply| CacheMsg::Load(code.clone(), reply));
    return match tokio::time::timeout(OWNER_TIMEOUT, asked).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(why)) => Err(unreachable(&owner, &why.to_string())),
        Err(_) => Err(unreachable(&owner, "no answer in time")),
    };
}
// ── end
