//! The decisions, and nothing else: claims and volumes in, stages and changes out.
//!
//! No client, no clock, no file and no terminal is reached from here, and no sentence is made: every
//! rule can be tested by writing down a situation, and every answer is a value.

pub mod assess;
pub mod change;
pub mod check;
pub mod facts;
pub mod finding;
pub mod fit;
pub mod next;
pub mod owner;
pub mod plan;
pub mod situation;
pub mod stage;
#[cfg(test)]
pub(crate) mod tests;
