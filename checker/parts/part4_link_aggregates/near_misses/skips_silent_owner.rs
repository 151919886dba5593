//! kind = "near-miss"
//! problem = 3
//! claim = "a silent owner delays an answer by two seconds at most"
//! about = "After an owner did not answer, the entry does not ask it again for ten seconds."

// ── file links.rs
// ── replace
    owners: Owners,
    views: Arc<Views>,
}

impl Links {
// ── with
    owners: Owners,
    views: Arc<Views>,
    silent: Arc<std::sync::Mutex<std::collections::BTreeMap<NodeName, tokio::time::Instant>>>,
}

impl Links {
// ── end
// ── replace
            owners,
            views,
        }
// ── with
            owners,
            views,
            silent: Arc::default(),
        }
// ── end
// ── replace
let asked = self
    .run_on(owner, function, args.clone(), OWNER_TIMEOUT)
    .await;
// ── with
let now = tokio::time::Instant::now();
let is_silent = self.silent.lock().unwrap().get(owner).is_some_and(|until| *until > now);
let asked = match is_silent {
    true => Err("it did not answer before".to_owned()),
    false => self.run_on(owner, function, args.clone(), OWNER_TIMEOUT).await,
};
if asked.is_err() && !is_silent {
    self.silent.lock().unwrap().insert(owner.clone(), now + Duration::from_secs(10));
}
// ── end
