//! One file a verb: its arguments, its help and its handler.

pub mod check;
pub mod completion;
pub mod export;
pub mod flags;
pub mod guide;
pub mod options;
pub mod pin;
pub mod retain;
pub mod reuse;
pub mod status;
pub mod unpin;
pub mod unretain;
pub mod verify;
