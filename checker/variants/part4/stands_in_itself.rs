//! kind = "right"
//! about = "The second owner is the next on the ring, also when that is the node that is asked."

// ── file links.rs
// ── gap 10: ask the second owner
let asked = match asked {
    Ok(answer) => Ok(answer),
    Err(why) => match self.owners.without(&[owner], code) {
        Some(second) => {
            let asked = self.run_on(&second, function, args, OWNER_WITHIN / 2).await;
            asked.map_err(|also| format!("{why}; nor can {second}: {also}"))
        }
        None => Err(why),
    },
};
// ── end 10
