//! The decisions, and nothing else: claims and volumes in, stages and changes out.
//!
//! No client, clock, file or terminal is used here, and no sentence is made: every rule can be tested by writing
//! down a situation, and every answer is a value.

mod advice;
mod assess;
mod change;
mod facts;
mod finding;
mod fit;
mod next;
mod node;
mod owner;
mod plan;
mod quantity;
mod reason;
mod set;
mod situation;
mod stage;
#[cfg(test)]
pub(crate) mod tests;
mod together;

pub use assess::{Assessment, add_sets, assess};
pub use change::Change;
pub use facts::{Claim, ClaimPhase, ClaimRef, Shape, Target, Trident, Volume, VolumePhase};
pub use finding::{Finding, Outcome};
pub use next::{Next, Remark, Step, Verb};
pub use node::{Node, NodeTerm};
pub use owner::{Applier, DeletedWith, Driver, Keep, Release, Stays, needs_managed_fields};
pub use plan::{Plan, retain, reuse, unretain, verify};
pub use situation::{From as TakenFrom, Rival, Situation};
pub use stage::Stage;

pub(crate) use facts::{Evidence, Origin};
pub(crate) use finding::{ATTACHER, DeletionSign, Event, Holder, SNAPSHOT_SOURCE};
pub(crate) use fit::{Field, Misfit};
pub(crate) use plan::{Refusal, preserved};
pub(crate) use reason::{Fate, Reason, Remedy};
pub(crate) use set::{Incomplete, member};
pub(crate) use together::{group, is_incomplete, together};
