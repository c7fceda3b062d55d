//! The documents: the command reference is what the help prints, both READMEs say the same, and every link
//! leads to a file.

use expect_test::expect_file;
use regex_lite::Regex;

use crate::world::{Run, World};

/// The whole help of the program with the flags of every command, then of each verb its own flags and its examples, then the
/// connection flags.
fn reference(world: &World) -> String {
    let help = |arguments: &str| {
        let output = world.command(arguments).env("COLUMNS", "100").output().unwrap();
        assert!(output.status.success() && output.stderr.is_empty());
        String::from_utf8(output.stdout).unwrap()
    };
    let root = help("-h");
    let common: Vec<String> = options(&root).into_iter().map(|option| flag(&option)).collect();
    let mut reference = format!("```\n$ kubectl glancepv --help\n{}\n```\n\n", help("--help").trim_end());
    for verb in
        ["status", "check", "retain", "unretain", "reuse", "pin", "unpin", "verify", "guide", "export", "completion"]
    {
        let (short, long) = (help(&format!("{verb} -h")), help(&format!("{verb} --help")));
        let (head, _) = short.split_once("Options:\n").unwrap();
        let own: String = options(&short).into_iter().filter(|option| !common.contains(&flag(option))).collect();
        let own = if own.is_empty() { own } else { format!("Options:\n{own}") };
        let examples = long.find("Examples:").map_or("", |at| &long[at..]);
        let text = [head.trim_end(), own.trim_end(), examples.trim_end()];
        let text: Vec<&str> = text.into_iter().filter(|part| !part.is_empty()).collect();
        reference += &format!("```\n$ kubectl glancepv {verb} --help\n{}\n```\n\n", text.join("\n\n"));
    }
    reference + &format!("```\n$ kubectl glancepv options\n{}\n```\n\n", help("options").trim_end())
}

/// The options of a help, each with its lines.
fn options(help: &str) -> Vec<String> {
    let (_, listed) = help.split_once("Options:\n").unwrap();
    let mut options: Vec<String> = Vec::new();
    for line in listed.lines().take_while(|line| line.starts_with(' ')) {
        match options.last_mut() {
            Some(last) if !line.trim_start().starts_with('-') || line.starts_with("          ") => {
                *last += &format!("{line}\n");
            }
            _ => options.push(format!("{line}\n")),
        }
    }
    options
}

/// The long flag of an option.
fn flag(option: &str) -> String {
    option.split(' ').find(|word| word.starts_with("--")).unwrap_or_default().to_owned()
}

fn readme(name: &str) -> String {
    std::fs::read_to_string(format!("{}/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

#[test]
fn the_reference_is_current() {
    let world = World::sandbox();
    let reference = reference(&world);
    let text = readme("docs/reference.md");
    let (before, rest) = text.split_once("<!-- reference -->\n").expect("the reference begins");
    let (_, after) = rest.split_once("<!-- /reference -->").expect("the reference ends");
    let current = format!("{before}<!-- reference -->\n{reference}<!-- /reference -->{after}");
    expect_file![format!("{}/docs/reference.md", env!("CARGO_MANIFEST_DIR"))].assert_eq(&current);
}

/// The same parts in every language: the levels of headings, the blocks of code, the links, and in each row
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
        if !in_code {
            let links = line.split("](").skip(1).filter_map(|rest| rest.split(')').next());
            // Each page links the other.
            kept.extend(links.filter(|link| !link.starts_with("README")).map(|link| format!("-> {link}")));
        }
    }
    kept
}

#[test]
fn both_readmes_have_the_same_parts() {
    let (english, korean) = (skeleton(&readme("README.md")), skeleton(&readme("README.ko.md")));
    for (at, (ours, theirs)) in english.iter().zip(&korean).enumerate() {
        assert_eq!(ours, theirs, "README.md and README.ko.md, part {at}");
    }
    assert_eq!(english.len(), korean.len());
}

#[test]
fn every_link_leads_to_a_file_and_the_front_page_is_short() {
    for page in ["README.md", "README.ko.md"] {
        let text = readme(page);
        assert!(text.lines().count() <= 260, "{page}");
        let links = skeleton(&text);
        for link in links.iter().filter_map(|line| line.strip_prefix("-> ")).filter(|link| !link.contains("://")) {
            assert!(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(link).is_file(), "{page}: {link}");
        }
    }
}

/// The console blocks of the front page are what the program prints.
#[test]
fn the_console_blocks_are_outputs() {
    let (world, _) = World::installed();
    let shown = |run: &Run| format!("```console\n$ kubectl glancepv {}\n{}{}```\n", run.typed, run.stdout, run.stderr);
    let status = world.run("status");
    world.run("retain --yes");
    world.uninstall();
    world.run("reuse --yes");
    world.install_again();
    world.bound();
    let blocks = shown(&status) + &shown(&world.run("verify --timeout 10m"));
    let blocks = blocks.replace("pvc------------------------------------1", "pvc-b0f01f0f-fab5-4c0f-b549-89f47d819cf1");
    let blocks = blocks.replacen("[age]   ", "25h   ", 1).replace("[age]   ", "3m    ").replace("[age] old", "26h old");
    for page in ["README.md", "README.ko.md"] {
        let text = readme(page);
        let mut parts = text.split("```console\n");
        let mut current = parts.next().unwrap().to_owned();
        let printed = blocks.split("```console\n").skip(1);
        for (block, part) in printed.zip(parts) {
            current += &format!("```console\n{block}{}", part.split_once("```\n").expect("the block ends").1);
        }
        expect_file![format!("{}/{page}", env!("CARGO_MANIFEST_DIR"))].assert_eq(&current);
    }
}

/// Every field of `-o json`, of one claim and of several, and every reason of a finding is documented.
#[test]
fn the_output_is_documented() {
    let text = readme("docs/output.md");
    let (world, _) = World::installed();
    let verbs = ["status", "verify", "check"].map(|verb| [verb.to_owned(), format!("{verb} --all")]);
    for command in verbs.concat().iter().map(|verb| format!("{verb} -o json")) {
        let document: serde_json::Value = serde_json::from_str(&world.run(&command).stdout).unwrap();
        let mut fields = Vec::new();
        names(&document, &mut fields);
        for field in fields {
            assert!(text.contains(&format!("`{field}`")), "docs/output.md lacks {field} of {command}");
        }
    }
    let voice = readme("src/words/voice.txt");
    let (_, findings) = voice.split_once("# Findings\n\n").unwrap();
    let reasons = findings.lines().take_while(|line| !line.is_empty()).filter(|line| !line.starts_with(' '));
    for reason in reasons.filter_map(|line| line.split(": ").next()) {
        assert!(reason == "FailedBinding" || text.contains(&format!("`{reason}`")), "{reason}");
    }
}

/// The documents, whole, at the stages of a procedure.
#[test]
fn the_documents_are_these() {
    let (world, volume) = World::installed();
    let mut documents = String::new();
    let mut show = |command: &str| {
        let shown = world.stable(&world.run(command).stdout);
        documents += &format!("$ kubectl glancepv {command}\n{}\n\n", shown.trim_end());
    };
    show("status -o json");
    show("check -o json");
    assert_eq!(world.run("retain --yes").status, 0);
    world.uninstall();
    show("status -o json");
    assert_eq!(world.run("reuse --yes").status, 0);
    show("status -o yaml");
    show("verify -o json");
    world.install_again();
    assert_eq!(world.bound(), volume);
    show("verify -o yaml");
    for (what, with) in [(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "[time]"), (r"127\.0\.0\.1:\d+", "[server]")] {
        documents = Regex::new(what).unwrap().replace_all(&documents, with).into_owned();
    }
    expect_file!["documents.txt"].assert_eq(&documents);
}

fn names(value: &serde_json::Value, found: &mut Vec<String>) {
    match value {
        serde_json::Value::Object(map) => map.iter().for_each(|(key, value)| {
            if !["apiVersion", "kind", "name", "namespace", "uid"].contains(&key.as_str()) {
                found.push(key.clone());
            }
            names(value, found);
        }),
        serde_json::Value::Array(items) => items.iter().for_each(|item| names(item, found)),
        _ => {}
    }
}
