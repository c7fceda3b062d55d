//! Findings that take another request: only where there is something to explain.

use super::Session;
use crate::lifecycle::facts::Claim;
use crate::lifecycle::stage::{Assessment, Finding, Stage};

/// Adds why a claim waits, in the words of its newest events, and which pods hold one that is going.
pub async fn add(session: &Session, found: &mut Assessment<'_>, claim: Option<&Claim>) {
    let Some(claim) = claim else { return };
    let key = session.target.key();
    if matches!(found.stage, Stage::Binding | Stage::Released) {
        let events = session.cluster.events(&session.target, &claim.uid).await;
        found.findings.extend(events.into_iter().map(|(reason, message)| Finding::new(reason, message)));
    }
    if claim.terminating {
        let pods = session.cluster.holders(&session.target).await;
        if !pods.is_empty() {
            found.findings.push(Finding::new(
                "HeldByPods",
                format!("mounted by {}: claim {key} goes when they do", pods.join(", ")),
            ));
        }
    }
}
