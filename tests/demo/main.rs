//! The whole procedure, with the real executable, on a sandbox cluster of its own.
//!
//! `cargo run -p demo`: on a terminal it pauses before each step and the plugin asks as it
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

/// A question of the plugin's was answered with no.
#[derive(Debug)]
struct Declined;

impl std::fmt::Display for Declined {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("declined")
    }
}

impl Error for Declined {}

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> ExitCode {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    match runtime.map_err(Into::into).and_then(|runtime| runtime.block_on(demo())) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if error.is::<Declined>() => {
            let _ = writeln!(stdout(), "\n# Nothing was changed after a no; the demo ends here.");
            ExitCode::SUCCESS
        }
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
    let provisioning = client.clone();
    let claims = Api::<PersistentVolumeClaim>::namespaced(client, "openstack");
    tokio::spawn(async move { provisioner::run(provisioning, PROVISIONER, "Delete").await });
    bound(&claims, "glance-images").await?;
    let folder = tempfile::tempdir()?;
    let template = concat!(env!("CARGO_MANIFEST_DIR"), "/../cluster/chart/templates/pvc-images.yaml");
    std::fs::copy(template, folder.path().join("pvc-images.yaml"))?;
    let stage = Stage { plugin, kubeconfig: sandbox.kubeconfig(), folder: folder.path().to_owned(), asks };

    stage.tell("Glance is installed. Its images are on a volume with reclaim policy Delete.")?;
    stage.plugin("check -f pvc-images.yaml", false)?;
    stage.tell("The policy becomes Retain.")?;
    stage.plugin("retain", true)?;
    stage.tell("Too early: this is refused. The same patch by hand would make the claim Lost.")?;
    stage.plugin("reuse", false)?;
    stage.tell("Glance is uninstalled. The claim is deleted; the volume is Released.")?;
    stage.typed("helm uninstall glance -n openstack")?;
    claims.delete("glance-images", &DeleteParams::default()).await?;
    stage.plugin("reuse --timeout 1m", true)?;
    stage.tell("Glance is installed again. The new claim fits the volume, so it needs no pin.")?;
    stage.typed("helm install glance ./glance -n openstack")?;
    install(&claims, "glance-images").await?;
    stage.plugin("verify --timeout 1m", true)?;
    stage.tell("The claim has its old volume, with every image on it.")?;

    stage.tell("Claims are lost in sets: a script deletes all of a namespace's.")?;
    for name in SET {
        install(&claims, name).await?;
        bound(&claims, name).await?;
    }
    stage.plugin("status --all", true)?;
    stage.plugin("retain --all", true)?;
    stage.typed("kubectl delete pvc --all -n openstack")?;
    for name in ["glance-images"].iter().chain(&SET) {
        claims.delete(name, &DeleteParams::default()).await?;
    }
    stage.plugin("reuse --all --timeout 1m", true)?;
    stage.tell("Everything is installed again.")?;
    for name in ["glance-images"].iter().chain(&SET) {
        install(&claims, name).await?;
    }
    stage.plugin("verify --all --timeout 1m", true)?;
    stage.tell("Each claim has its old volume, with every byte on it.")?;
    Ok(())
}

/// The other claims of the namespace.
const SET: [&str; 4] = ["mysql-data-0", "mysql-data-1", "mysql-data-2", "nova-instances"];

/// Creates a claim, as installing its chart does.
async fn install(claims: &Api<PersistentVolumeClaim>, name: &str) -> Outcome<()> {
    let mut claim = claim();
    claim["metadata"]["name"] = name.into();
    claims.create(&PostParams::default(), &serde_json::from_value(claim)?).await?;
    Ok(())
}

/// The executable, built as it is released but for optimization.
fn build() -> Outcome<PathBuf> {
    writeln!(stderr(), "Compiling kubectl-glancepv, the plugin itself, which takes some seconds.")?;
    let mut cargo = Command::new(env!("CARGO"));
    // With this package, which depends on the plugin's library: with the same features, the crates are those that are compiled.
    cargo.args(["build", "--quiet", "--package", "demo", "--package", "kubectl-glancepv", "--bins"]);
    cargo.current_dir(env!("CARGO_MANIFEST_DIR"));
    // The variables that `cargo run` sets for this program: build scripts that watch them would run again.
    let own = ["CARGO_MANIFEST_", "CARGO_PKG_", "CARGO_BIN_", "CARGO_CRATE_NAME", "CARGO_PRIMARY_PACKAGE"];
    for (name, _) in std::env::vars_os() {
        if own.iter().any(|prefix| name.to_string_lossy().starts_with(prefix)) {
            cargo.env_remove(name);
        }
    }
    let built = cargo.status()?;
    if !built.success() {
        return Err("the plugin could not be built".into());
    }
    // Beside this program.
    Ok(std::env::current_exe()?.with_file_name(format!("kubectl-glancepv{}", std::env::consts::EXE_SUFFIX)))
}

struct Stage {
    plugin: PathBuf,
    kubeconfig: PathBuf,
    /// The folder in which it is run.
    folder: PathBuf,
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
        let changes = ["retain", "reuse"].iter().any(|verb| arguments.starts_with(verb));
        let yes = if changes && !self.asks { " --yes" } else { "" };
        self.typed(&format!("kubectl glancepv {arguments}{yes}"))?;
        stdout().flush()?;
        let status: ExitStatus = Command::new(&self.plugin)
            .args(arguments.split(' ').chain((!yes.is_empty()).then_some("--yes")))
            .env("KUBECONFIG", &self.kubeconfig)
            .current_dir(&self.folder)
            .env_remove("GLANCEPV_CLAIM")
            .status()?;
        if status.success() == succeeds {
            return Ok(());
        }
        if changes && self.asks && status.code() == Some(1) {
            return Err(Declined.into());
        }
        Err(format!("kubectl glancepv {arguments}: {status}").into())
    }
}

/// Waits until the claim is bound.
async fn bound(claims: &Api<PersistentVolumeClaim>, name: &str) -> Outcome<()> {
    let wait = async {
        loop {
            let events = claims.watch_metadata(&WatchParams::default().timeout(5), "").await?;
            let mut events = events.boxed();
            while events.next().await.is_some() {
                let claim = claims.get(name).await?;
                if claim.status.and_then(|s| s.phase).as_deref() == Some("Bound") {
                    return Ok(());
                }
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(30), wait)
        .await
        .map_err(|_| "timed out waiting for the sandbox to bind the claim")?
}
