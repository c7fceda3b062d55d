//! Replaces a file's content, all or nothing.

use std::fs::{self, File, Metadata};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::error::{Error, FileProblem};
use crate::escape::line;

/// A file as it was read.
pub struct Original {
    /// The name that was given, for messages.
    pub name: String,
    /// Its text.
    pub text: String,
    /// The path, symbolic links followed.
    path: PathBuf,
    metadata: Metadata,
}

/// A file's name, escaped for a terminal.
fn shown(path: &Path) -> String {
    line(&path.display().to_string())
}

impl Original {
    /// Reads a text file that could be replaced afterwards.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let name = shown(path);
        let wrong = |problem| Error::file(&name, problem);
        let broken = |error: io::Error| wrong(FileProblem::Io(error));
        let path = fs::canonicalize(path).map_err(broken)?;
        let metadata = fs::metadata(&path).map_err(broken)?;
        if !metadata.is_file() {
            return Err(wrong(if metadata.is_dir() { FileProblem::Directory } else { FileProblem::NotRegular }));
        }
        let bytes = fs::read(&path).map_err(broken)?;
        let text = String::from_utf8(bytes).map_err(|error| {
            let valid = &error.as_bytes()[..error.utf8_error().valid_up_to()];
            wrong(FileProblem::Encoding(valid.split(|b| *b == b'\n').count()))
        })?;
        Ok(Self { name, text, path, metadata })
    }

    /// Replaces the file by `text`: written to a new file beside it, flushed to the disk, and renamed, so that readers
    /// see the old file or the new one. Mode and owner stay, and so does a symbolic link to it. On Windows the
    /// read-only attribute stays, and the access list is that of a new file in the folder.
    ///
    /// # Errors
    ///
    /// The file is read-only, has other hard links (a rename would leave them with the old text; on Windows they are not detected),
    /// or has changed since it was read; the folder cannot be written to. Then nothing has changed.
    pub fn replace(&self, text: &str) -> Result<(), Error> {
        let wrong = |problem| Err(Error::file(&self.name, problem));
        let broken = |error: io::Error| Error::file(&self.name, FileProblem::Io(error));
        if self.metadata.permissions().readonly() {
            return wrong(FileProblem::ReadOnly);
        }
        #[cfg(unix)]
        if std::os::unix::fs::MetadataExt::nlink(&self.metadata) > 1 {
            return wrong(FileProblem::HardLinks);
        }
        let folder = self.path.parent().unwrap_or(Path::new("."));
        let mut new = tempfile::Builder::new().prefix(".glancepv").tempfile_in(folder).map_err(broken)?;
        new.write_all(text.as_bytes()).map_err(broken)?;
        new.as_file().set_permissions(self.metadata.permissions()).map_err(broken)?;
        #[cfg(unix)]
        keep_owner(new.as_file(), &self.metadata).map_err(broken)?;
        new.as_file().sync_all().map_err(broken)?;
        if fs::read(&self.path).map_err(broken)? != self.text.as_bytes() {
            return wrong(FileProblem::Changed);
        }
        new.persist(&self.path).map_err(|error| broken(error.error))?;
        // The folder is synced so that the rename is durable; best effort, since not every system can open folders.
        let _ = File::open(folder).and_then(|folder| folder.sync_all());
        Ok(())
    }
}

/// Restores the owner, which differs only if root runs the command.
#[cfg(unix)]
fn keep_owner(new: &File, old: &Metadata) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt, fchown};
    let made = new.metadata()?;
    if (made.uid(), made.gid()) == (old.uid(), old.gid()) {
        return Ok(());
    }
    fchown(new, Some(old.uid()), Some(old.gid()))
}
