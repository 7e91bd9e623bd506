//! Which libraries written in Rust does Hearth use, and how does C++ reach them?
//!
//! One static library: tokenizers and chat templates behind the hand-written header
//! `include/hearth_bridge.h`, and the C functions of llguidance as upstream exports them.
//! Policy lives in C++; this crate only makes the libraries callable.

mod abi;
mod stream;
mod template;
mod tokenizer;

pub use llguidance::ffi::*;
