//! A patch as data.

use serde_json::{Value, json};

use super::facts::{Claim, RETAINED_LATE, Target, Volume};

const POLICY: &[&str] = &["spec", "persistentVolumeReclaimPolicy"];
const CLAIM_UID: &[&str] = &["spec", "claimRef", "uid"];

const CLAIM_NAMESPACE: &[&str] = &["spec", "claimRef", "namespace"];
const CLAIM_NAME: &[&str] = &["spec", "claimRef", "name"];

/// claimRef's namespace and name, as far as they change from those of `owner` to those of `target`.
fn refer(owner: Option<&Target>, target: &Target) -> Vec<Edit> {
    let edit = |path, from: Option<&String>, to: &String| {
        (from != Some(to)).then(|| Edit { path, from: from.cloned(), to: Some(to.clone()) })
    };
    let namespace = edit(CLAIM_NAMESPACE, owner.map(|it| &it.namespace), &target.namespace);
    let name = edit(CLAIM_NAME, owner.map(|it| &it.name), &target.name);
    namespace.into_iter().chain(name).collect()
}

/// One field of a volume before and after.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// The field, from the object's root: `["spec", "claimRef", "uid"]`.
    pub path: &'static [&'static str],
    /// The value now; `None` if it is not set.
    pub from: Option<String>,
    /// The value afterwards; `None` removes the field.
    pub to: Option<String>,
}

/// A patch of one volume, before it is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The volume's name.
    pub volume: String,
    /// The resourceVersion that the user saw; the API server refuses the patch (409) if the volume has changed
    /// since.
    pub resource_version: String,
    /// The fields that change, and no others.
    pub edits: Vec<Edit>,
    /// The claim that the volume is taken from, if it was another's.
    pub taken_from: Option<Target>,
}

impl Change {
    /// Reclaim policy → Retain of a volume whose claim was deleted: it may be too late, and the annotation records
    /// that for as long as somebody may rely on the volume.
    #[must_use]
    pub fn retain_late(volume: &Volume) -> Self {
        let mut change = Self::policy(volume, "Retain");
        let uid = volume.claim_ref.as_ref().and_then(|r| r.uid.clone());
        if volume.retained_late.is_none() {
            let to = Some(uid.unwrap_or_default());
            change.edits.push(Edit { path: &["metadata", "annotations", RETAINED_LATE], from: None, to });
        }
        change
    }

    /// Reclaim policy → `policy`.
    #[must_use]
    pub fn policy(volume: &Volume, policy: &str) -> Self {
        Self::of(volume, vec![Edit { path: POLICY, from: Some(volume.policy.clone()), to: Some(policy.to_owned()) }])
    }

    /// Clears `claimRef.uid` and `claimRef.resourceVersion`; namespace and name stay, or any claim in any namespace
    /// could take the volume (gardener/gardener#9817).
    #[must_use]
    pub fn release(volume: &Volume) -> Self {
        let claim_ref = volume.claim_ref.as_ref();
        let uid = claim_ref.and_then(|r| r.uid.clone());
        let version = claim_ref.and_then(|r| r.resource_version.clone());
        let both = [(CLAIM_UID, uid), (&["spec", "claimRef", "resourceVersion"], version)];
        let edits =
            both.into_iter().filter(|(_, from)| from.is_some()).map(|(path, from)| Edit { path, from, to: None });
        Self::of(volume, edits.collect())
    }

    /// Sets `claimRef.uid` to that of a Lost claim, which is bound to the volume again.
    #[must_use]
    pub fn give_back(volume: &Volume, claim: &Claim) -> Self {
        Self::of(volume, vec![Edit { path: CLAIM_UID, from: None, to: Some(claim.uid.clone()) }])
    }

    /// Sets `claimRef.namespace` and `claimRef.name` of a volume that has no claimRef.
    #[must_use]
    pub fn reserve(volume: &Volume, target: &Target) -> Self {
        Self::of(volume, refer(None, target))
    }

    /// Sets `claimRef.namespace` and `claimRef.name`, and clears the UID and the resourceVersion of the claim before.
    #[must_use]
    pub fn take_over(volume: &Volume, target: &Target) -> Self {
        let owner = volume.claim_ref.as_ref().map(|reference| reference.claim.clone());
        let Self { edits, .. } = Self::release(volume);
        let edits = refer(owner.as_ref(), target).into_iter().chain(edits).collect();
        Self { taken_from: owner, ..Self::of(volume, edits) }
    }

    fn of(volume: &Volume, edits: Vec<Edit>) -> Self {
        let (name, resource_version) = (volume.name.clone(), volume.resource_version.clone());
        Self { volume: name, resource_version, edits, taken_from: None }
    }

    /// True if the change sets the name in claimRef: the volume becomes the target's.
    #[must_use]
    pub fn reserves(&self) -> bool {
        self.edits.iter().any(|edit| edit.path == CLAIM_NAME || edit.path == CLAIM_NAMESPACE)
    }

    /// True if the change clears claimRef's UID: the volume stays reserved by name.
    #[must_use]
    pub fn releases(&self) -> bool {
        self.edits.iter().any(|edit| edit.path == CLAIM_UID && edit.to.is_none())
    }

    /// True if the change sets claimRef's UID: the volume is bound to that claim.
    #[must_use]
    pub fn gives_back(&self) -> bool {
        self.edits.iter().any(|edit| edit.path == CLAIM_UID && edit.to.is_some())
    }

    /// The policy that the change sets.
    #[must_use]
    pub fn policy_set(&self) -> Option<&str> {
        self.edits.iter().find(|edit| edit.path == POLICY)?.to.as_deref()
    }

    /// True if the change sets the policy to Delete: from then on deleting the claim deletes the volume.
    #[must_use]
    pub fn exposes(&self) -> bool {
        self.policy_set() == Some("Delete")
    }

    /// True if `other` makes the same edits to the same volume, from the same values, whatever the
    /// resourceVersion: who agreed to one has agreed to the other.
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

    /// True if the object already has the values that the change sets.
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
