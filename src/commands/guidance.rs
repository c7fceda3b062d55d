//! What a stage means to a person, and what to type next.

use jiff::Timestamp;

use crate::kubectl::age::age;
use crate::lifecycle::facts::{Claim, Target, Volume};
use crate::lifecycle::plan::way_back;
use crate::lifecycle::stage::{Assessment, Stage};
use crate::terminal::{Terminal, Tone};

const INSTALL: &str = "install glance (burrito: ./scripts/burrito.sh install glance)";
const UNINSTALL: &str = "uninstall glance (burrito: ./scripts/burrito.sh uninstall glance)";

/// The words for one assessment.
pub struct Guidance {
    /// What is, or will be.
    pub summary: String,
    /// What to type next, most urgent first; empty when there is nothing left to do.
    pub next: Vec<String>,
    tone: Tone,
}

impl Guidance {
    /// The words for where `target` stands; ages are those at `now`.
    #[must_use]
    pub fn new(found: &Assessment<'_>, target: &Target, claim: Option<&Claim>, now: Timestamp) -> Self {
        let key = target.key();
        let claim_age = claim.map(|c| age(c.created, now)).unwrap_or_default();
        let name = found.volume.map_or("no volume", |v| v.name.as_str());
        let volume_age = found.volume.map(|v| age(v.created, now)).unwrap_or_default();
        let kept = claim.is_some_and(|c| c.kept_by_helm);
        let start_over = format!("uninstall glance (or delete the claim), then {}", target.command("status"));
        let (tone, summary, next) = match found.stage {
            Stage::AtRisk => (
                Tone::Bad,
                format!("deleting claim {key} deletes this volume and every image on it."),
                vec![target.command(&match claim.and_then(|c| c.volume_name.as_ref()) {
                    None if !found.alone => format!("retain {name}"),
                    _ => "retain".to_owned(),
                })],
            ),
            Stage::Retained if kept => (
                Tone::Good,
                "the volume outlives its claim now, and Helm keeps the claim.".to_owned(),
                vec![format!("{UNINSTALL}; the claim stays bound to it, so installing again finds the images")],
            ),
            Stage::Retained => (
                Tone::Good,
                "the volume outlives its claim now.".to_owned(),
                vec![format!("{UNINSTALL}, then {}", target.command("reuse"))],
            ),
            Stage::Releasing => (
                Tone::Plain,
                format!("claim {key} is going; persistentvolume/{name} stays."),
                vec![target.command("reuse --timeout 10m")],
            ),
            Stage::Doomed => (
                Tone::Bad,
                format!("claim {key} is gone and persistentvolume/{name} is not kept: it may vanish at any moment."),
                vec![format!("{}   (now)", target.command(&format!("retain {name}")))],
            ),
            Stage::Terminating => {
                (Tone::Bad, format!("persistentvolume/{name} is being deleted, which cannot be undone."), {
                    let export = target.command(&format!("export {name}"));
                    let keep = format!("{export}   (keep it, and see the driver's documentation)");
                    // Another that is kept is the way on.
                    std::iter::once(keep).chain(found.waiting.first().map(|v| way_back(target, &v.name))).collect()
                })
            }
            Stage::Released => (
                Tone::Plain,
                format!("persistentvolume/{name} is kept; no claim can take it yet."),
                vec![target.command(&if found.alone { "reuse".to_owned() } else { format!("reuse {name}") })],
            ),
            Stage::Reserved => {
                let pin = format!("{}   (names the volume in the claim's template)", target.command("pin -f TEMPLATE"));
                let install = format!("{INSTALL}, then {}", target.command("verify --timeout 10m"));
                let steps = if found.pinned { vec![install] } else { vec![pin, install] };
                (Tone::Good, format!("waits for {key}."), steps)
            }
            Stage::Binding => (
                Tone::Plain,
                match (found.volume, claim.and_then(|c| c.volume_name.as_ref())) {
                    (Some(_), _) => format!("claim {key} ({claim_age}) waits for persistentvolume/{name}."),
                    (None, Some(gone)) => {
                        format!("claim {key} ({claim_age}) waits for persistentvolume/{gone}, which is not there.")
                    }
                    (None, None) => format!("claim {key} ({claim_age}) waits for a volume."),
                },
                // What a claim names cannot be changed: the next claim has to name another.
                vec![match found.volume {
                    Some(v) if !v.names(target) && !found.alone => start_over,
                    None if !found.alone => start_over,
                    _ => target.command("verify --timeout 10m"),
                }],
            ),
            Stage::Reused => (
                Tone::Good,
                format!("claim {key} ({claim_age}) is bound to {name} ({volume_age}), both by UID; policy Retain."),
                Vec::new(),
            ),
            Stage::Diverted => diverted(found, target, claim, now),
            Stage::Lost => (
                Tone::Bad,
                format!("claim {key} has lost its volume; it will not get one again under this UID."),
                vec![match found.volume {
                    Some(_) => way_back(target, name),
                    None => start_over,
                }],
            ),
            Stage::Absent => (Tone::Plain, format!("neither claim {key} nor a volume for it."), Vec::new()),
        };
        Self { summary, next, tone }
    }

    /// Tells the stage, the findings and the next step.
    pub fn tell(&self, terminal: &Terminal, found: &Assessment<'_>) {
        terminal.headline(self.tone, &found.stage.to_string(), &self.summary);
        for finding in &found.findings {
            terminal.headline(Tone::Plain, &finding.reason, &finding.message);
        }
        match self.next.as_slice() {
            [] => {}
            [one] => terminal.headline(Tone::Plain, "next", one),
            [first, rest @ ..] => {
                terminal.headline(Tone::Plain, "next", first);
                for line in rest {
                    terminal.note(&format!("  {line}"));
                }
            }
        }
    }
}

fn diverted(
    found: &Assessment<'_>,
    target: &Target,
    claim: Option<&Claim>,
    now: Timestamp,
) -> (Tone, String, Vec<String>) {
    let named = |v: &Volume| format!("{} ({})", v.name, age(v.created, now));
    let older = found.waiting.first();
    let (own, old) = (found.volume.map(named).unwrap_or_default(), older.map(|v| named(v)).unwrap_or_default());
    let old_name = older.map_or("PV", |v| v.name.as_str());
    let own_name = found.volume.map_or("PV", |v| v.name.as_str());
    let since = claim.map(|c| age(c.created, now)).unwrap_or_default();
    (
        Tone::Bad,
        format!("the claim is bound to {own}; {old} still holds the older images."),
        vec![
            format!(
                "to go back to it: images uploaded in the last {since} are on {own_name} and will not be on {old_name};"
            ),
            way_back(target, old_name),
        ],
    )
}
