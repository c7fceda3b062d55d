//! The API calls, and only they.

pub mod api;
pub mod list;
pub mod observe;
pub mod transport;
pub mod watch;
