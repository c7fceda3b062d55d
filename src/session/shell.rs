//! Commands of the operator's, run by their shell.

use std::process::Command;

use super::Session;
use crate::error::{Error, Halt, os_message};

/// The shell that reads the command.
#[cfg(not(windows))]
fn shell(command: &str) -> Command {
    let mut shell = Command::new("sh");
    shell.args(["-c", command]);
    shell
}

/// `cmd /S` takes away the outer quotes and leaves the line as it was typed; an argument would be escaped.
#[cfg(windows)]
fn shell(command: &str) -> Command {
    let mut shell = Command::new("cmd");
    std::os::windows::process::CommandExt::raw_arg(shell.args(["/D", "/S", "/C"]), format!("\"{command}\""));
    shell
}

/// Runs a command of the operator's at the terminal, and waits for its end even after Ctrl-C.
pub async fn execute(session: &Session, command: String) -> Result<(), Error> {
    let mut shell = shell(&command);
    let mut interrupted = false;
    let mut run = tokio::task::spawn_blocking(move || shell.status());
    let ended = loop {
        tokio::select! {
            _ = tokio::signal::ctrl_c() => interrupted = true,
            ended = &mut run => break ended.map_err(std::io::Error::other)?,
        }
    };
    let halt = match ended {
        Err(error) => Halt::NoShell(os_message(&error)),
        Ok(status) if interrupted => Halt::Interrupted(command, status.to_string()),
        Ok(status) if status.success() => return Ok(()),
        Ok(status) => Halt::Command(command, status.to_string()),
    };
    Err(Error::Guide(session.target.clone(), halt))
}
