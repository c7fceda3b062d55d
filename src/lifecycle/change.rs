//! A patch as data.

use serde_json::{Value, json};

use super::facts::{RETAINED_LATE, Target, Volume};

/// One field of a volume before and after.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// The field, from the object's root: `["spec", "claimRef", "uid"]`.
    pub path: &'static [&'static str],
    /// Its value now; `None` where it is not set.
    pub from: Option<String>,
    /// Its value afterwards; `None` takes the field away.
    pub to: Option<String>,
}

/// A patch of one volume, before it is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The volume's name.
    pub volume: String,
    /// The resourceVersion at which the user saw it; the API server refuses the patch (409) when
    /// the volume has moved on since.
    pub resource_version: String,
    /// The fields that change, and no others.
    pub edits: Vec<Edit>,
    /// The claim for which the volume stays reserved by name.
    pub reserved_for: Option<String>,
    /// The claim with which the volume would be deleted from then on.
    pub exposes: Option<String>,
}

impl Change {
    /// Reclaim policy → Delete: from then on deleting the target's claim deletes the volume.
    #[must_use]
    pub fn expose(volume: &Volume, target: &Target) -> Self {
        Self { exposes: Some(target.key()), ..Self::policy(volume, "Delete") }
    }

    /// Reclaim policy → Retain of a volume whose claim is gone: it may be too late, and the volume is to
    /// say so as long as somebody may rely on it.
    #[must_use]
    pub fn retain_late(volume: &Volume) -> Self {
        let mut change = Self::policy(volume, "Retain");
        let uid = volume.claim_ref.as_ref().and_then(|r| r.uid.clone());
        if !volume.retained_late {
            let to = Some(uid.unwrap_or_default());
            change.edits.push(Edit { path: &["metadata", "annotations", RETAINED_LATE], from: None, to });
        }
        change
    }

    /// Reclaim policy → `policy`.
    #[must_use]
    pub fn policy(volume: &Volume, policy: &str) -> Self {
        Self::of(
            volume,
            vec![Edit {
                path: &["spec", "persistentVolumeReclaimPolicy"],
                from: Some(volume.policy.clone()),
                to: Some(policy.to_owned()),
            }],
        )
    }

    /// `claimRef.uid` and `claimRef.resourceVersion` taken away; namespace and name stay, or any
    /// claim in any namespace could take the volume (gardener/gardener#9817).
    #[must_use]
    pub fn release(volume: &Volume, target: &Target) -> Self {
        let claim_ref = volume.claim_ref.as_ref();
        let both = [
            Edit { path: &["spec", "claimRef", "uid"], from: claim_ref.and_then(|r| r.uid.clone()), to: None },
            Edit {
                path: &["spec", "claimRef", "resourceVersion"],
                from: claim_ref.and_then(|r| r.resource_version.clone()),
                to: None,
            },
        ];
        let edits = both.into_iter().filter(|edit| edit.from.is_some()).collect();
        Self { reserved_for: Some(target.key()), ..Self::of(volume, edits) }
    }

    fn of(volume: &Volume, edits: Vec<Edit>) -> Self {
        let (name, resource_version) = (volume.name.clone(), volume.resource_version.clone());
        Self { volume: name, resource_version, edits, reserved_for: None, exposes: None }
    }

    /// Whether a person who agreed to this change has agreed to `other` too: the same edits of
    /// the same volume, from the same values, seen at whatever resourceVersion.
    #[must_use]
    pub fn is_same_decision(&self, other: &Self) -> bool {
        (&self.volume, &self.edits) == (&other.volume, &other.edits)
    }

    /// The JSON merge patch (RFC 7386) to send: the precondition and the edits.
    #[must_use]
    pub fn body(&self) -> Value {
        let mut body = json!({"metadata": {"resourceVersion": self.resource_version}});
        self.set_in(&mut body);
        body
    }

    /// Whether an object is as the change would leave it.
    #[must_use]
    pub fn is_done_in(&self, object: &Value) -> bool {
        self.edits.iter().all(|edit| {
            let field = edit.path.iter().try_fold(object, |at, key| at.get(*key)).and_then(Value::as_str);
            field == edit.to.as_deref()
        })
    }

    /// The object as it would be after the change, for a dry run that asks nobody.
    #[must_use]
    pub fn applied_to(&self, object: &Value) -> Value {
        let mut object = object.clone();
        self.set_in(&mut object);
        for edit in self.edits.iter().filter(|e| e.to.is_none()) {
            if let [parents @ .., last] = edit.path
                && let Some(map) = parents.iter().try_fold(&mut object, |at, key| at.get_mut(key))
                && let Some(map) = map.as_object_mut()
            {
                map.remove(*last);
            }
        }
        object
    }

    fn set_in(&self, object: &mut Value) {
        for edit in &self.edits {
            let field = edit.path.iter().fold(&mut *object, |at, key| &mut at[key]);
            *field = json!(edit.to);
        }
    }
}
