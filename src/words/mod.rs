//! Every sentence that the program says of its own: a value in, text out.
//!
//! The matches are exhaustive, so that a new variant does not compile without its sentence; `voice.txt` has all of
//! them, and `tests.rs` fails without an example of each.

pub mod age;
pub mod check;
pub mod error;
pub mod finding;
pub mod next;
pub mod owner;
pub mod question;
pub mod refusal;
pub mod stage;
pub mod template;
#[cfg(test)]
mod tests;
pub mod wait;
