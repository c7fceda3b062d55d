//! The real executable against an API server, over HTTPS with a real kubeconfig.
//!
//! `scenarios` runs on the sandbox, and on the cluster whose kubeconfig `GLANCEPV_TEST_CLUSTER`
//! names (tests/cluster/suite.sh); the other modules need what only the sandbox can do: record
//! requests and break them.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]
#![allow(clippy::needless_pass_by_value, reason = "json!(…) reads better than &json!(…)")]
#![cfg_attr(windows, allow(dead_code, reason = "much of what the scenarios are told with is used on Unix alone"))]

mod advice;
mod bad_input;
mod binder;
mod completion;
mod connection;
mod faults;
mod kubectl;
mod load;
mod matrix;
mod reference;
mod requests;
mod rights;
mod scenarios;
mod stages;
mod stale;
mod templates;
mod walk;
mod world;

// With pseudo-terminals, `sh` and signals.
#[cfg(unix)]
mod advised;
#[cfg(unix)]
mod bytes;
#[cfg(unix)]
mod helm;
#[cfg(unix)]
mod impatient;
#[cfg(unix)]
mod outages;
#[cfg(unix)]
mod packages;
#[cfg(unix)]
mod picture;
#[cfg(unix)]
mod prompts;
#[cfg(unix)]
mod shells;

// With names that are no UTF-8, strace and a disk to mount.
#[cfg(target_os = "linux")]
mod files;

#[cfg(windows)]
mod windows;
