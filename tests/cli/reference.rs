//! The READMEs: their command reference is what the help prints, and both say the same.

use expect_test::expect_file;

use crate::world::World;

/// The whole help of the program, and of each verb what is its own.
fn reference(world: &World) -> String {
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
        let flag = if verb.is_empty() { "--help" } else { "-h" };
        let output = world.command(&format!("{verb} {flag}")).env("COLUMNS", "100").output().unwrap();
        assert!(output.status.success() && output.stderr.is_empty());
        let help = String::from_utf8(output.stdout).unwrap();
        let typed = format!("kubectl glancepv {verb} {flag}").replace("  ", " ");
        reference += &format!("```\n$ {typed}\n{}\n```\n\n", help.trim_end());
    }
    reference
}

fn readme(name: &str) -> String {
    std::fs::read_to_string(format!("{}/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

#[test]
fn the_reference_is_current() {
    let world = World::sandbox();
    let reference = reference(&world);
    for name in ["README.md", "README.ko.md"] {
        let text = readme(name);
        let (before, rest) = text.split_once("<!-- reference -->\n").expect("the reference begins");
        let (_, after) = rest.split_once("<!-- /reference -->").expect("the reference ends");
        let current = format!("{before}<!-- reference -->\n{reference}<!-- /reference -->{after}");
        expect_file![format!("{}/{name}", env!("CARGO_MANIFEST_DIR"))].assert_eq(&current);
    }
}

/// What is the same in every language: the levels of headings, the blocks of code, and in each row
/// of a table what is code.
fn skeleton(text: &str) -> Vec<String> {
    let mut kept = Vec::new();
    let mut in_code = false;
    for line in text.lines() {
        if line.starts_with("```") {
            in_code = !in_code;
            kept.push(line.to_owned());
        } else if in_code {
            kept.push(line.to_owned());
        } else if line.starts_with('#') {
            kept.push("#".repeat(line.len() - line.trim_start_matches('#').len()));
        } else if line.starts_with('|') {
            let mut code: Vec<&str> = line.split('`').skip(1).step_by(2).collect();
            code.sort_unstable();
            kept.push(format!("| {} {}", line.matches(" | ").count(), code.join(" ")));
        }
    }
    kept
}

#[test]
fn both_languages_say_the_same() {
    let (english, korean) = (skeleton(&readme("README.md")), skeleton(&readme("README.ko.md")));
    for (at, (ours, theirs)) in english.iter().zip(&korean).enumerate() {
        assert_eq!(ours, theirs, "at {at}");
    }
    assert_eq!(english.len(), korean.len());
}
