//! The API calls, and nothing else.

mod api;
pub mod list;
mod observe;
mod survey;
pub mod transport;
mod watch;

pub use api::{Cluster, Kind, Read, Right, Row, is_name};
pub use list::Fresh;
pub use observe::{Observation, Reach, not_found};
pub use transport::Log;
pub use watch::{PAUSE, Watched};
