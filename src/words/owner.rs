//! Owners: what a claim is deleted with, as a cell of a table.

use crate::lifecycle::Claim;

/// The object that the claim is deleted with, as far as it tells; `<none>` if it is not deleted with anything.
pub fn deleted_with(claim: &Claim) -> String {
    let Some(with) = claim.deleted_with.as_ref().filter(|_| !claim.survives_uninstall()) else {
        return "<none>".to_owned();
    };
    match (with.owns, with.kind.as_str()) {
        (false, "Release") => format!("release {}", with.name),
        (false, "Application") => format!("Argo CD {}", with.name),
        (_, kind) => format!("{kind} {}", with.name),
    }
}
