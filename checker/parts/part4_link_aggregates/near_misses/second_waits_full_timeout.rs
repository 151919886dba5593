//! kind = "near-miss"
//! problem = 10
//! claim = "the death of an owner stops no request"
//! about = "The entry waits a second for the owner, and another second for the second owner."

// ── file links.rs
// ── replace
.run_on(&second, function, args, OWNER_TIMEOUT / 2)
// ── with
.run_on(&second, function, args, OWNER_TIMEOUT)
// ── end
