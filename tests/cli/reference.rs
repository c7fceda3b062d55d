//! The command reference in the README is what `--help` prints.

use expect_test::expect_file;

use crate::world::World;

#[test]
fn the_reference_is_current() {
    let world = World::sandbox();
    let mut reference = String::new();
    for verb in [
        "",
        "status",
        "check",
        "retain",
        "unretain",
        "reuse",
        "pin",
        "unpin",
        "verify",
        "guide",
        "export",
        "completion",
    ] {
        let output = world.command(&format!("{verb} --help")).env("COLUMNS", "100").output().unwrap();
        assert!(output.status.success() && output.stderr.is_empty());
        let help = String::from_utf8(output.stdout).unwrap();
        reference += &format!(
            "```\n$ kubectl glancepv {verb}{}--help\n{}\n```\n\n",
            if verb.is_empty() { "" } else { " " },
            help.trim_end()
        );
    }
    let readme = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
    let (before, rest) = readme.split_once("<!-- reference -->\n").expect("the reference begins");
    let (_, after) = rest.split_once("<!-- /reference -->").expect("the reference ends");
    let current = format!("{before}<!-- reference -->\n{reference}<!-- /reference -->{after}");
    expect_file![concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")].assert_eq(&current);
}
