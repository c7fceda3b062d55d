//! Compares a claim's request with a volume's offer.
//!
//! For a reserved volume Kubernetes compares size, modes, volumeMode and the volume attributes class, but not the
//! storage class (`FindMatchingVolume` in component-helpers), and nothing at all if the claim is pinned
//! (`syncUnboundClaim` in the volume controller). So it is compared and reported here.

use strum::EnumIter;

use super::facts::{Claim, Volume};
use super::quantity::bytes;

/// A request of a claim that a volume does not satisfy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misfit {
    /// The field that differs.
    pub field: Field,
    /// The claim's value; empty for no class.
    pub wanted: String,
    /// The volume's value.
    pub offered: String,
    /// True if the volume has a claimRef; without one the class is compared, too (`checkVolumeSatisfyClaim`).
    pub reserved: bool,
}

/// A field in which claim and volume may differ.
#[derive(Clone, Copy, Debug, EnumIter, PartialEq, Eq)]
pub enum Field {
    /// The claim requests more than the volume's capacity.
    Size,
    /// The storage class.
    Class,
    /// The claim requests an access mode that the volume does not have.
    Modes,
    /// `Filesystem` or `Block`.
    VolumeMode,
    /// The volume attributes class.
    Attributes,
}

impl Misfit {
    /// True if it keeps an unpinned claim from being bound to the volume.
    pub fn prevents_binding(&self) -> bool {
        self.field != Field::Class || !self.reserved
    }
}

/// The requests of `claim` that `volume` does not satisfy; none if it fits.
pub fn misfits(claim: &Claim, volume: &Volume) -> Vec<Misfit> {
    let (wants, offers) = (&claim.wants, &volume.offers);
    let mut found = Vec::new();
    let reserved = volume.claim_ref.is_some();
    let mut differs = |field, wanted, offered| found.push(Misfit { field, wanted, offered, reserved });
    if let (Some(wanted), Some(offered)) = (&wants.size, &offers.size)
        && let (Some(w), Some(o)) = (bytes(wanted), bytes(offered))
        && w > o
    {
        differs(Field::Size, wanted.clone(), offered.clone());
    }
    let offered = offers.class.clone().unwrap_or_default();
    if let Some(wanted) = &wants.class
        && *wanted != offered
    {
        differs(Field::Class, wanted.clone(), offered);
    }
    if wants.modes.iter().any(|mode| !offers.modes.contains(mode)) {
        differs(Field::Modes, wants.modes.join(","), offers.modes.join(","));
    }
    let mode = |given: &Option<String>| given.clone().unwrap_or_else(|| "Filesystem".to_owned());
    let (wanted, offered) = (mode(&wants.volume_mode), mode(&offers.volume_mode));
    if wanted != offered {
        differs(Field::VolumeMode, wanted, offered);
    }
    // None is a class like any other.
    let class = |given: &Option<String>| given.clone().unwrap_or_default();
    let (wanted, offered) = (class(&wants.attributes), class(&offers.attributes));
    if wanted != offered {
        differs(Field::Attributes, wanted, offered);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lifecycle::tests::{claim, volume};

    #[test]
    fn what_differs_is_named() {
        let mut wanting = claim("u1");
        wanting.wants.size = Some("900Gi".to_owned());
        wanting.wants.class = Some("other".to_owned());
        wanting.wants.modes = vec!["ReadWriteOnce".to_owned()];
        wanting.wants.volume_mode = Some("Block".to_owned());
        wanting.wants.attributes = Some("gold".to_owned());
        let fields: Vec<_> = misfits(&wanting, &volume("v")).into_iter().map(|m| m.field).collect();
        assert_eq!(fields, [Field::Size, Field::Class, Field::Modes, Field::VolumeMode, Field::Attributes]);
    }

    #[test]
    fn a_claim_without_an_attributes_class_does_not_fit_a_volume_with_one() {
        let mut offering = volume("v");
        offering.offers.attributes = Some("gold".to_owned());
        let found = misfits(&claim("u1"), &offering);
        assert!(matches!(found.as_slice(), [m] if m.field == Field::Attributes && m.prevents_binding()), "{found:?}");
    }

    #[test]
    fn a_claim_that_asks_for_less_or_for_the_default_class_fits() {
        let mut wanting = claim("u1");
        assert_eq!(misfits(&wanting, &volume("v")), []);
        wanting.wants.size = Some("1Gi".to_owned());
        wanting.wants.class = None;
        assert_eq!(misfits(&wanting, &volume("v")), []);
    }
}
