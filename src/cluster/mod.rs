//! The API calls, and nothing else.

mod api;
pub mod list;
mod observe;
mod survey;
pub mod transport;
mod trident;
mod watch;

pub use api::{Cluster, Kind, Read, Right, Row, is_name};
pub use list::Fresh;
pub use observe::{Observation, Pod, Reach, not_found};
pub use survey::Survey;
pub use transport::Log;
pub use watch::{PAUSE, Watched};
