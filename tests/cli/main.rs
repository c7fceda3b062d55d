//! The real executable against an API server, over HTTPS with a real kubeconfig.
//!
//! `scenarios` runs on the sandbox, and on the cluster whose kubeconfig `GLANCEPV_TEST_CLUSTER`
//! names (tests/cluster/suite.sh); the other modules need what only the sandbox can do: record
//! requests and break them.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]
#![allow(clippy::needless_pass_by_value, reason = "json!(…) reads better than &json!(…)")]

mod advice;
mod advised;
mod bad_input;
mod binder;
mod bytes;
mod completion;
mod connection;
mod faults;
mod files;
mod helm;
mod impatient;
mod kubectl;
mod load;
mod matrix;
mod outages;
mod packages;
mod picture;
mod prompts;
mod reference;
mod requests;
mod rights;
mod scenarios;
mod stages;
mod stale;
mod templates;
mod walk;
mod world;
