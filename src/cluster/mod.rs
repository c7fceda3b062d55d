//! The API calls, and only they.

mod api;
pub mod list;
mod observe;
pub mod transport;
mod watch;

pub use api::{Cluster, Kind, Persist, Read, Row, is_name};
pub use observe::{Observation, Scope, not_found};
pub use transport::Told;
pub use watch::{PAUSE, Watched};
