//! The API calls, and only they.

pub mod api;
mod list;
pub mod observe;
pub mod transport;
pub mod watch;
