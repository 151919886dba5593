//! kind = "right"
//! about = "A look-up is a call to the cache of the owner, not a function that runs there."

// ── file links.rs
// ── gap 2: have the owner look it up
match self.owners.of(&code) {
    Some(owner) if owner == *self.node.name() => {}
    Some(owner) => {
        let cache = CACHE.at(&owner);
        let asked = self.node.call(&cache, |reply| CacheMsg::Load(code.clone(), reply));
        return match tokio::time::timeout(OWNER_WITHIN, asked).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(why)) => Err(unreachable(&owner, &why.to_string())),
            Err(_) => Err(unreachable(&owner, "no answer in time")),
        };
    }
    None => return read(&self.store, &code).await,
}
// ── end 2
