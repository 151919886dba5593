//! kind = "near-miss"
//! problem = 3
//! claim = "a split stops creations across it"
//! about = "The entry keeps in its own table what it reads from the store while the owner is unreachable."

// ── file links.rs
// ── replace
    return read(&self.store, &code).await;
}
// ── with
    let link = read(&self.store, &code).await?;
    self.owned.table.put(code, link.clone());
    return Ok(link);
}
// ── end
