//! The store from outside, over its connections. All tests are one program, which is linked once.

mod conformance;
mod proxy;
mod proxy_ends;
mod proxy_races;
mod servers;
mod setting;
mod tools;
mod wire;
