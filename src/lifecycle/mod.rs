//! The decisions, and nothing else: claims and volumes in, stages and changes out.
//!
//! No client, no clock, no file and no terminal is reached from here, so every rule can be
//! tested by writing down a situation.

pub mod change;
pub mod facts;
pub mod fit;
pub mod plan;
pub mod stage;
