//! `kubectl glancepv`.

fn main() -> std::process::ExitCode {
    kubectl_glancepv::run()
}
