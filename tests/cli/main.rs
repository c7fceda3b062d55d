//! The real executable against an API server, over HTTPS with a real kubeconfig.
//!
//! Most modules run on the sandbox, and on the cluster whose kubeconfig `GLANCEPV_TEST_CLUSTER` names
//! (tests/cluster/suite.sh). Some need the sandbox, which records requests and breaks them; CONTRIBUTING.md has the
//! table of behaviors and modules.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]
#![allow(clippy::needless_pass_by_value, reason = "json!(…) reads better than &json!(…)")]
#![cfg_attr(windows, allow(dead_code, reason = "much of what the scenarios are told with is used on Unix alone"))]

mod bad_input;
mod binder;
mod check;
mod completion;
mod connection;
mod data;
mod export;
mod fault_table;
mod guide;
mod kubectl;
mod load;
mod origin;
mod procedure;
mod reference;
mod requests;
mod rights;
mod server_faults;
mod stages;
mod stale_cache;
mod status;
mod templates;
mod typing;
mod unretain;
mod usage;
mod world;

// With pseudo-terminals, `sh` and signals.
#[cfg(unix)]
mod bytes;
#[cfg(unix)]
mod confirmation;
#[cfg(unix)]
mod helm;
#[cfg(unix)]
mod interrupts;
#[cfg(unix)]
mod next_steps;
#[cfg(unix)]
mod outages;
#[cfg(unix)]
mod owners;
#[cfg(unix)]
mod packages;
#[cfg(unix)]
mod pages;
#[cfg(unix)]
mod picture;
#[cfg(unix)]
mod renamed;
#[cfg(unix)]
mod several;
#[cfg(unix)]
mod shells;
#[cfg(unix)]
mod trident;

// With names that are not UTF-8, strace and a disk to mount.
#[cfg(target_os = "linux")]
mod files;

#[cfg(windows)]
mod windows;
