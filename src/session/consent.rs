//! Consent: what is done only if the user agrees.

use clap::ValueEnum;

use crate::error::{Action, Error};
use crate::terminal::Terminal;
use crate::words::question;

/// Mode of a dry run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum DryRun {
    /// Make the change
    None,
    /// Only print the change
    Client,
    /// Submit it without persisting
    Server,
}

/// The flags `--yes` and `--dry-run`.
#[derive(Clone, Copy, Debug)]
pub struct Consent {
    /// Agreed to beforehand.
    pub yes: bool,
    /// Nothing is changed, so there is nothing to agree to.
    pub dry_run: DryRun,
}

impl Consent {
    /// True if the user has to be asked.
    pub fn is_needed(self) -> bool {
        self.dry_run == DryRun::None && !self.yes
    }

    /// Asks the user to agree to an action, if that is needed; `show` prints it first.
    pub async fn agree(self, terminal: Terminal, action: Action, show: impl FnOnce()) -> Result<(), Error> {
        if self.is_needed() && !terminal.is_interactive() {
            return Err(Error::NoTerminal(action));
        }
        show();
        if self.is_needed() && !terminal.confirm(&question::ask(&action)).await? {
            return Err(Error::Declined(action));
        }
        Ok(())
    }
}
