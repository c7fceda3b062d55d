//! NetApp Trident's own objects: what the driver knows of a volume (`TridentVolume` of `trident.netapp.io/v1`, seen with 26.10).

use futures::stream::{self, StreamExt, TryStreamExt};

use super::api::{Cluster, Read, is_name};
use super::observe::Observation;
use crate::error::Error;
use crate::lifecycle::{Trident, Volume};

/// The number of volumes that are asked about at a time.
const AT_A_TIME: usize = 16;

impl Cluster {
    /// Reads Trident's state of the volumes that are `wanted` and are Trident's, unless that was done. It stays unknown where
    /// the API is missing, or the right.
    pub async fn ask_trident(&self, seen: &mut Observation, wanted: impl Fn(&Volume) -> bool) -> Result<(), Error> {
        let own = |nth: usize, read: &Read<Volume>| {
            let volume = &read.facts;
            let handle = volume.trident_handle().filter(|_| wanted(volume) && volume.trident.is_none())?;
            Some((nth, handle.to_owned()))
        };
        let asked: Vec<(usize, String)> =
            seen.volumes.iter().enumerate().filter_map(|(nth, read)| own(nth, read)).collect();
        let state = async |(nth, handle): (usize, String)| Ok::<_, Error>((nth, self.trident_state(&handle).await?));
        let states: Vec<(usize, Option<Trident>)> =
            stream::iter(asked).map(state).buffered(AT_A_TIME).try_collect().await?;
        for (nth, state) in states {
            seen.volumes[nth].facts.trident = state;
        }
        Ok(())
    }

    /// Trident's state of the volume of that handle, in whatever namespace Trident is installed.
    async fn trident_state(&self, handle: &str) -> Result<Option<Trident>, Error> {
        let path = "/apis/trident.netapp.io/v1/tridentvolumes";
        let path = format!("{path}?fieldSelector=metadata.name%3D{handle}&includeObject=Object");
        // Trident names its objects by the handle; any other text cannot be one, nor a part of a URL.
        if !is_name(handle) {
            return Ok(Some(Trident::Missing));
        }
        let objects = match self.list(&path, handle).await {
            // No such API, or no right: nothing is known.
            Err(Error::Api(status)) if matches!(status.code, 403 | 404) => return Ok(None),
            listed => listed?.objects()?,
        };
        let state = objects.iter().find_map(|object| object["state"].as_str());
        Ok(match state {
            Some(state) => Some(Trident::State(state.to_owned())),
            None if objects.is_empty() => Some(Trident::Missing),
            None => None,
        })
    }
}
