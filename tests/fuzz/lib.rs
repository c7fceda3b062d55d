//! Properties of fuzzed input: `tests/fuzz/fuzz.sh` runs each for a while.

#![allow(clippy::unwrap_used, clippy::missing_panics_doc, reason = "a finding is a panic")]

use std::ffi::OsString;

use clap::{CommandFactory, Parser};

use kubectl_glancepv::lifecycle::Target;
use kubectl_glancepv::{Cli, Pin, Reader, edit, request, settings};

fn target() -> Target {
    Target { namespace: "openstack".to_owned(), name: "glance-images".to_owned() }
}

/// Whatever a template is: pinning is undone by unpinning, done twice it is done once, and all other
/// lines stay.
pub fn template(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Ok(pinned) = edit(text, "glance-images", Pin::To("pvc-1")) else { return };
    let again = edit(&pinned.text, "glance-images", Pin::To("pvc-1")).unwrap();
    assert_eq!((again.line, again.text.as_str()), (None, pinned.text.as_str()), "twice is not once");
    // A spec of which nothing would be left is not unpinned.
    let Ok(off) = edit(text, "glance-images", Pin::Off) else { return };
    assert_eq!(edit(&pinned.text, "glance-images", Pin::Off).unwrap().text, off.text, "pinning is not undone");
    let lines = |text: &str| text.split('\n').map(str::to_owned).collect::<Vec<_>>();
    let (before, after) = (lines(text), lines(&pinned.text));
    let same = before.iter().zip(&after).take_while(|(b, a)| b == a).count();
    let rest = before.iter().rev().zip(after.iter().rev()).take_while(|(b, a)| b == a).count();
    assert!(same + rest + 1 >= before.len(), "more than one line has changed");
}

/// Whatever a list is, and in whatever parts it comes: the same names, or an error.
pub fn table(data: &[u8]) {
    let Some((size, document)) = data.split_first() else { return };
    let found = |size: usize| {
        let mut reader = Reader::new("glance-images");
        document.chunks(size.max(1)).for_each(|part| reader.feed(part));
        reader.end().ok()?.candidates(&target()).ok()
    };
    assert_eq!(found(usize::from(*size)), found(usize::MAX));
}

/// A kubeconfig, and after a NUL the words of a command line that override it.
pub fn overrides(data: &[u8]) {
    let mut parts = data.split(|byte| *byte == 0);
    let file = std::env::temp_dir().join(format!("glancepv-fuzz-{}", std::process::id()));
    std::fs::write(&file, parts.next().unwrap_or_default()).unwrap();
    let words = parts.map(|word| OsString::from(String::from_utf8_lossy(word).into_owned()));
    let line = [OsString::from("kubectl-glancepv"), "status".into()].into_iter().chain(words);
    let Ok(mut cli) = Cli::try_parse_from(line) else { return };
    cli.connection.kubeconfig = Some(file);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let _ = runtime.block_on(settings(&cli.connection, cli.shared.namespace.is_some()));
}

/// Whatever has been typed: an answer that ends in its directive, each candidate on a line of its own.
pub fn complete(data: &[u8]) {
    let words: Vec<OsString> =
        data.split(|byte| *byte == 0).map(|word| String::from_utf8_lossy(word).into_owned().into()).collect();
    let answer = request(Cli::command(), &words).response(Vec::new());
    let (_, directive) = answer.trim_end().rsplit_once(':').unwrap();
    assert!(directive.parse::<u8>().is_ok(), "{answer}");
}
