//! Makes what the operating system gives out as random numbers follow from a seed, thread by thread.
//!
//! The order in which a `HashMap` shows its entries, the branch that `tokio::select!` looks at
//! first, `rand::rng()`: all of these begin with the function `getrandom` of the C library. A
//! program that links this package gets the function from here instead. It asks the system, as the
//! original does, except on a thread that was given a seed. So a simulation repeats to the letter
//! whatever the learner's program uses. Nothing else than a simulation links this package.
//!
//! This is the only package of the course with `unsafe` code. It works on Linux; on other systems
//! [`seed_this_thread`] does nothing and says so.

use std::cell::Cell;

thread_local! {
    /// Where the thread's random numbers stand, if it has a seed.
    static STATE: Cell<Option<u64>> = const { Cell::new(None) };
}

/// From now on, all that this thread gets from the system as random numbers follows from a seed.
/// To be called before the thread makes its first `HashMap`. Says whether this system can do it.
pub fn seed_this_thread(seed: u64) -> bool {
    STATE.set(Some(seed));
    cfg!(target_os = "linux")
}

/// The next random number of the thread: SplitMix64 (Steele, Lea and Flood, 2014).
fn next(state: u64) -> (u64, u64) {
    let state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut mixed = state;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (state, mixed ^ (mixed >> 31))
}

#[cfg(target_os = "linux")]
mod linux {
    use std::ffi::{c_uint, c_void};
    use std::mem::MaybeUninit;
    use std::slice;

    use rustix::rand::{GetRandomFlags, getrandom as ask_the_system};

    use super::{STATE, next};

    /// Stands in for the function of the C library: fills a buffer, and says how many bytes that
    /// were, or -1.
    ///
    /// # Safety
    /// As the original: `buffer` must be valid for writes of `length` bytes.
    // SAFETY of the name: the signature is that of getrandom(3), and so is what it does. The linker
    // takes a symbol of the program before that of a library, so there are never two.
    #[unsafe(no_mangle)]
    unsafe extern "C" fn getrandom(buffer: *mut c_void, length: usize, flags: c_uint) -> isize {
        if length == 0 {
            return 0;
        }
        // SAFETY: the caller says that so many bytes may be written there. They may be
        // uninitialised, which `MaybeUninit` allows.
        let buffer = unsafe { slice::from_raw_parts_mut(buffer.cast::<MaybeUninit<u8>>(), length) };
        // A thread that is ending has no state any more.
        let Some(mut state) = STATE.try_with(|state| state.get()).ok().flatten() else {
            let flags = GetRandomFlags::from_bits_retain(flags);
            return match ask_the_system(buffer, flags) {
                Ok((filled, _)) => filled.len() as isize,
                Err(_) => -1,
            };
        };
        for chunk in buffer.chunks_mut(8) {
            let (after, number) = next(state);
            state = after;
            for (byte, random) in chunk.iter_mut().zip(number.to_le_bytes()) {
                byte.write(random);
            }
        }
        STATE.set(Some(state));
        length as isize
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    #![expect(clippy::disallowed_types, reason = "its order is what is tried")]

    use std::collections::HashMap;

    use super::*;

    fn order(seed: Option<u64>) -> Vec<u32> {
        let thread = std::thread::spawn(move || {
            seed.map(seed_this_thread);
            let map: HashMap<u32, ()> = (0..50).map(|key| (key, ())).collect();
            map.into_keys().collect()
        });
        thread.join().unwrap()
    }

    #[test]
    fn order_of_a_hash_map_follows_from_the_seed() {
        assert_eq!(order(Some(1)), order(Some(1)));
        assert_ne!(order(Some(1)), order(Some(2)));
        assert_ne!(order(None), order(None));
    }
}
