//! The sandbox alone, with Glance's claim and its volume: prints where its kubeconfig is, and runs
//! until Ctrl-C.
//!
//! `cargo run -p glancepv-sandbox`, and then, elsewhere, `kubectl --kubeconfig FILE get pv,pvc -A`.
//! With a number, it has that many volumes of others instead (tests/bench).

use std::io::Write;

use glancepv_sandbox::{PROVISIONER, Sandbox, provisioner};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let sandbox = Sandbox::start()?;
    let others = std::env::args().nth(1).map(|count| count.parse()).transpose()?;
    match others {
        Some(count) => sandbox.add_volumes(count)?,
        None => sandbox.add_glance()?,
    }
    writeln!(std::io::stdout(), "export KUBECONFIG={}", sandbox.kubeconfig().display())?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let kubeconfig = kube::config::Kubeconfig::read_from(sandbox.kubeconfig())?;
        let config =
            kube::Config::from_custom_kubeconfig(kubeconfig, &kube::config::KubeConfigOptions::default()).await?;
        let client = kube::Client::try_from(config)?;
        tokio::select! {
            served = provisioner::run(client, PROVISIONER, "Delete"), if others.is_none() => Ok(served?),
            signal = tokio::signal::ctrl_c() => Ok(signal?),
        }
    })
}
