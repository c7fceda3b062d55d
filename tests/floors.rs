//! The house keeps its floors: each part of src imports only from those below it, no two files import
//! each other, and what is pure stays so.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// From the top to the bottom.
const FLOORS: [&[&str]; 7] = [
    &["main", "lib"],
    &["cli"],
    &["commands"],
    &["session"],
    &["words", "cluster", "kubectl", "terminal", "file"],
    &["error"],
    &["lifecycle", "template", "escape"],
];
/// What is reached from nowhere in these: clients, clocks, files, terminals, the parser.
const PURE: [&str; 3] = ["words", "lifecycle", "template"];
const IMPURE: [&str; 8] = ["kube::", "tokio", "clap", "std::fs", "std::io", "std::env", "now()", "println!"];

/// The files of src, as module paths (`cluster::api`), with what they say outside their tests.
fn sources() -> BTreeMap<String, String> {
    fn visit(folder: &Path, prefix: &str, found: &mut BTreeMap<String, String>) {
        for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
            let (path, name) = (entry.path(), entry.file_name().into_string().unwrap());
            let stem = name.trim_end_matches(".rs");
            if path.is_dir() {
                visit(&path, &format!("{prefix}{name}::"), found);
            } else if stem != "tests" {
                let module =
                    if stem == "mod" { prefix.trim_end_matches("::").to_owned() } else { format!("{prefix}{stem}") };
                let text = std::fs::read_to_string(&path).unwrap();
                let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap().to_owned();
                found.insert(module, text);
            }
        }
    }
    let mut found = BTreeMap::new();
    visit(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), "", &mut found);
    found
}

/// The modules that a file's `use` lines name, as far as they are files.
fn imports(module: &str, text: &str, known: &BTreeSet<&str>) -> BTreeSet<String> {
    let parent = module.rsplit_once("::").map_or("", |(parent, _)| parent);
    let is_folder = known.iter().any(|other| other.starts_with(&format!("{module}::")));
    let mut found = BTreeSet::new();
    for statement in text.split(";\n").filter_map(|s| s.rsplit_once("use ").map(|(_, path)| path.trim().to_owned())) {
        let above = if is_folder { module } else { parent };
        let from_here = known.iter().any(|k| **k == format!("{above}::{}", statement.split("::").next().unwrap()));
        let statement = if from_here { format!("super::{statement}") } else { statement };
        let mut path = statement
            .replace("super::", &format!("{above}::"))
            .replace("crate::", "")
            .replace("kubectl_glancepv::", "");
        let mut heads = vec![path.clone()];
        if let Some((head, list)) = path.clone().split_once('{') {
            heads = list.trim_end_matches('}').split(',').map(|item| format!("{head}{}", item.trim())).collect();
        }
        for head in heads {
            head.trim_start_matches("::").clone_into(&mut path);
            // The longest part of the path that is a file.
            while !path.is_empty() {
                if known.contains(path.as_str()) && path != module {
                    found.insert(path.clone());
                    break;
                }
                path = path.rsplit_once("::").map_or(String::new(), |(shorter, _)| shorter.to_owned());
            }
        }
    }
    found
}

fn floor(module: &str) -> usize {
    let part = module.split("::").next().unwrap();
    FLOORS.iter().position(|floor| floor.contains(&part)).unwrap_or_else(|| panic!("{part} has no floor"))
}

#[test]
fn every_arrow_goes_down() {
    let sources = sources();
    let known: BTreeSet<&str> = sources.keys().map(String::as_str).collect();
    let arrows: BTreeMap<&str, BTreeSet<String>> =
        sources.iter().map(|(module, text)| (module.as_str(), imports(module, text, &known))).collect();
    let mut wrong = Vec::new();
    let mut counted = 0;
    for (from, all) in &arrows {
        for to in all {
            counted += 1;
            let same_part = from.split("::").next() == to.split("::").next();
            let back = arrows[to.as_str()].contains(*from);
            if (!same_part && floor(from) >= floor(to)) || back {
                wrong.push(format!("{from} -> {to}"));
            }
        }
    }
    assert!(counted > 100, "the use lines are read: {counted}");
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn what_is_pure_stays_so() {
    for (module, text) in sources() {
        if PURE.contains(&module.split("::").next().unwrap()) {
            for word in IMPURE {
                assert!(!text.contains(word), "{module} has {word}");
            }
            assert!(module.starts_with("words") || !text.contains("format!"), "{module} makes a sentence");
        }
    }
}
