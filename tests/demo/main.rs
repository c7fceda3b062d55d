//! The whole procedure, with the real executable, on a sandbox cluster of its own.
//!
//! `cargo run --example demo`: on a terminal it pauses before each step and the plugin asks as it
//! really does; elsewhere it runs through, with `--yes`.

use std::error::Error;
use std::io::{BufRead, IsTerminal, Write, stderr, stdin, stdout};
use std::path::PathBuf;
use std::process::{Command, ExitCode, ExitStatus};
use std::time::Duration;

use futures::StreamExt;
use glancepv_sandbox::{PROVISIONER, Sandbox, claim, provisioner};
use k8s_openapi::api::core::v1::PersistentVolumeClaim;
use kube::api::{Api, DeleteParams, PostParams, WatchParams};
use kube::config::{KubeConfigOptions, Kubeconfig};
use serde_json::json;

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> ExitCode {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    match runtime.map_err(Into::into).and_then(|runtime| runtime.block_on(demo())) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(stderr(), "demo: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn demo() -> Outcome<()> {
    let asks = stdin().is_terminal() && stderr().is_terminal();
    let plugin = build()?;
    let sandbox = Sandbox::start()?;
    sandbox.add_glance()?;
    let read = Kubeconfig::read_from(sandbox.kubeconfig())?;
    let client =
        kube::Client::try_from(kube::Config::from_custom_kubeconfig(read, &KubeConfigOptions::default()).await?)?;
    let (provisioning, claims) = (client.clone(), Api::<PersistentVolumeClaim>::namespaced(client, "openstack"));
    tokio::spawn(async move { provisioner::run(provisioning, PROVISIONER, "Delete").await });
    let volume = bound(&claims).await?;
    let stage = Stage { plugin, kubeconfig: sandbox.kubeconfig(), asks };

    stage.tell("Glance is installed, and its images are on a volume that would go with its claim.")?;
    stage.plugin("status", true)?;
    stage.tell("The volume's policy becomes Retain.")?;
    stage.plugin("retain", true)?;
    stage.tell(
        "Too early: the claim still holds the volume, so this is refused. By hand, the same patch loses the claim.",
    )?;
    stage.plugin("reuse", false)?;
    stage.tell("Glance is uninstalled. Its claim goes, and the volume stays.")?;
    stage.typed("./scripts/burrito.sh uninstall glance")?;
    claims.delete("glance-images", &DeleteParams::default()).await?;
    stage.plugin("reuse --timeout 1m", true)?;
    stage.tell("Glance is installed again, its claim's template naming the volume.")?;
    stage.typed("./scripts/burrito.sh install glance")?;
    // The new claim is told from the old volume by its age, in whole seconds.
    tokio::time::sleep(Duration::from_secs(1)).await;
    let mut pinned = claim();
    pinned["spec"]["volumeName"] = json!(volume);
    claims.create(&PostParams::default(), &serde_json::from_value(pinned)?).await?;
    stage.plugin("verify --timeout 1m", true)?;
    stage.tell("The claim has its old volume, with every image on it.")?;
    Ok(())
}

/// The executable, built as it is released but for optimisation.
fn build() -> Outcome<PathBuf> {
    let built = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--bin", "kubectl-glancepv"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .status()?;
    if !built.success() {
        return Err("the plugin could not be built".into());
    }
    // This program is in target/debug/examples.
    let mut plugin = std::env::current_exe()?;
    plugin.pop();
    plugin.pop();
    plugin.push(format!("kubectl-glancepv{}", std::env::consts::EXE_SUFFIX));
    Ok(plugin)
}

struct Stage {
    plugin: PathBuf,
    kubeconfig: PathBuf,
    asks: bool,
}

impl Stage {
    fn tell(&self, text: &str) -> Outcome<()> {
        writeln!(stdout(), "\n# {text}")?;
        if self.asks {
            write!(stdout(), "# [Return]")?;
            stdout().flush()?;
            stdin().lock().read_line(&mut String::new())?;
        }
        Ok(())
    }

    fn typed(&self, command: &str) -> Outcome<()> {
        writeln!(stdout(), "$ {command}")?;
        Ok(())
    }

    /// Runs the plugin as it is typed and holds it to its exit status.
    fn plugin(&self, arguments: &str, succeeds: bool) -> Outcome<()> {
        let changes = arguments.starts_with("retain") || arguments.starts_with("reuse");
        let yes = if changes && !self.asks { " --yes" } else { "" };
        self.typed(&format!("kubectl glancepv {arguments}{yes}"))?;
        stdout().flush()?;
        let status: ExitStatus = Command::new(&self.plugin)
            .args(arguments.split(' ').chain((!yes.is_empty()).then_some("--yes")))
            .env("KUBECONFIG", &self.kubeconfig)
            .env_remove("GLANCEPV_CLAIM")
            .status()?;
        if status.success() == succeeds {
            return Ok(());
        }
        Err(format!("kubectl glancepv {arguments}: {status}").into())
    }
}

/// The volume that the claim is bound to, once it is.
async fn bound(claims: &Api<PersistentVolumeClaim>) -> Outcome<String> {
    let wait = async {
        loop {
            let events = claims.watch_metadata(&WatchParams::default().timeout(5), "").await?;
            let mut events = events.boxed();
            while events.next().await.is_some() {
                let claim = claims.get("glance-images").await?;
                let phase = claim.status.and_then(|s| s.phase);
                if let (Some("Bound"), Some(volume)) = (phase.as_deref(), claim.spec.and_then(|s| s.volume_name)) {
                    return Ok(volume);
                }
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(30), wait).await.map_err(|_| "the sandbox bound no claim")?
}
