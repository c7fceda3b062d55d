//! What is awaited.

/// What is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Awaited {
    /// The claim, to be deleted and its volume released.
    ClaimGone,
    /// The volume, to be released: the claim is gone.
    VolumeReleased,
    /// The volume, to be Available: it was patched.
    VolumeAvailable,
    /// The claim, to appear and be bound.
    ClaimBound,
}

/// What follows "waiting for", with the pods that hold the claim.
pub fn progress(awaited: Awaited, key: &str, holders: &[String]) -> String {
    match (awaited, holders) {
        (Awaited::ClaimBound, _) => format!("claim {key} to be bound"),
        (Awaited::VolumeReleased, _) => format!("the volume of claim {key} to be Released"),
        (Awaited::VolumeAvailable, _) => format!("the volume of claim {key} to be Available"),
        (Awaited::ClaimGone, []) => format!("claim {key} to be deleted"),
        (Awaited::ClaimGone, [pod]) => format!("claim {key} to be deleted (in use by pod {pod})"),
        (Awaited::ClaimGone, pods) => format!("claim {key} to be deleted (in use by pods {})", pods.join(", ")),
    }
}
