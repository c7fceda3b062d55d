//! The floors of the house: each part of src uses only those below it, no two files use each other, and the pure parts
//! stay pure.
//!
//! Paths are read by syn, wherever they are written: in `use` lines, in place, and as arguments of macros.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{Attribute, Item, UseTree};

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
/// The parts that use no client, clock, file, terminal or parser of arguments.
const PURE: [&str; 4] = ["words", "lifecycle", "template", "escape"];
/// The beginnings of paths that the pure parts do not use. `kube::core::Status` is data.
const IMPURE: [&str; 14] = [
    "kube::Client",
    "kube::client",
    "kube::api",
    "kube::config",
    "tokio",
    "clap",
    "dialoguer",
    "console",
    "std::fs",
    "std::io",
    "std::env",
    "std::process",
    "std::net",
    "std::time::Instant",
];
/// Names that the pure parts do not use, whatever the path before them.
const CLOCKS: [&str; 3] = ["Timestamp::now", "Instant::now", "SystemTime"];

/// The paths of one file, as they are written; those of its tests are left out.
#[derive(Default)]
struct Paths {
    found: BTreeSet<String>,
    /// The string literals that are formatted.
    formatted: Vec<String>,
}

fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|a| a.path().is_ident("cfg") && a.parse_args::<syn::Path>().is_ok_and(|p| p.is_ident("test")))
}

impl Paths {
    fn tree(&mut self, before: &str, tree: &UseTree) {
        let joined = |name: String| if before.is_empty() { name } else { format!("{before}::{name}") };
        match tree {
            UseTree::Path(path) => self.tree(&joined(path.ident.to_string()), &path.tree),
            UseTree::Name(name) => drop(self.found.insert(joined(name.ident.to_string()))),
            UseTree::Rename(name) => drop(self.found.insert(joined(name.ident.to_string()))),
            UseTree::Glob(_) => drop(self.found.insert(before.to_owned())),
            UseTree::Group(group) => group.items.iter().for_each(|tree| self.tree(before, tree)),
        }
    }

    /// Paths among the tokens of a macro's arguments.
    fn tokens(&mut self, tokens: TokenStream) {
        let mut path = String::new();
        for token in tokens {
            match token {
                TokenTree::Ident(ident) => {
                    if !path.is_empty() && !path.ends_with(':') {
                        self.found.insert(std::mem::take(&mut path));
                    }
                    path += &ident.to_string();
                }
                TokenTree::Punct(punct) if punct.as_char() == ':' => path.push(':'),
                other => {
                    self.found.insert(std::mem::take(&mut path));
                    if let TokenTree::Group(group) = other {
                        self.tokens(group.stream());
                    }
                }
            }
        }
        self.found.insert(path);
    }
}

impl<'ast> Visit<'ast> for Paths {
    fn visit_item(&mut self, item: &'ast Item) {
        match item {
            Item::Mod(module) if is_test(&module.attrs) => {}
            Item::Use(tree) => self.tree("", &tree.tree),
            item => visit::visit_item(self, item),
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        self.found.insert(path.segments.iter().map(|s| s.ident.to_string()).collect::<Vec<_>>().join("::"));
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, macro_: &'ast syn::Macro) {
        if macro_.path.is_ident("format") {
            self.formatted.push(macro_.tokens.to_string());
        }
        self.found.insert(macro_.path.segments.iter().map(|s| s.ident.to_string()).collect::<Vec<_>>().join("::"));
        self.tokens(macro_.tokens.clone());
    }
}

/// The files of src, by module path (`cluster::api`).
fn sources() -> BTreeMap<String, Paths> {
    fn visit(folder: &Path, prefix: &str, found: &mut BTreeMap<String, Paths>) {
        for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
            let (path, name) = (entry.path(), entry.file_name().into_string().unwrap());
            let stem = name.trim_end_matches(".rs");
            if path.is_dir() {
                visit(&path, &format!("{prefix}{name}::"), found);
            } else if path.extension().is_some_and(|end| end == "rs") && stem != "tests" {
                let module =
                    if stem == "mod" { prefix.trim_end_matches("::").to_owned() } else { format!("{prefix}{stem}") };
                let mut paths = Paths::default();
                paths.visit_file(&syn::parse_file(&std::fs::read_to_string(&path).unwrap()).unwrap());
                found.insert(module, paths);
            }
        }
    }
    let mut found = BTreeMap::new();
    visit(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), "", &mut found);
    found
}

/// The files that a path written in `module` leads to.
fn target(module: &str, path: &str, known: &BTreeSet<&str>) -> Option<String> {
    let parent = module.rsplit_once("::").map_or("", |(parent, _)| parent);
    let is_folder = known.iter().any(|other| other.starts_with(&format!("{module}::")));
    let here = if is_folder { module } else { parent };
    let join = |base: &str, rest: &str| if base.is_empty() { rest.to_owned() } else { format!("{base}::{rest}") };
    let mut base = here.to_owned();
    let mut rest = path;
    if let Some(after) = ["crate::", "kubectl_glancepv::"].iter().find_map(|head| path.strip_prefix(head)) {
        (base, rest) = (String::new(), after);
    } else if let Some(after) = path.strip_prefix("self::") {
        rest = after;
    } else {
        // `super` of a file is its folder, of a folder the one above.
        let mut up = if is_folder { parent.to_owned() } else { here.to_owned() };
        while let Some(after) = rest.strip_prefix("super::") {
            (base, rest) = (up.clone(), after);
            up = up.rsplit_once("::").map_or(String::new(), |(above, _)| above.to_owned());
        }
    }
    let mut full = join(&base, rest);
    // The longest part of the path that is a file.
    while !full.is_empty() {
        if known.contains(full.as_str()) && full != module {
            return Some(full);
        }
        full = full.rsplit_once("::").map_or(String::new(), |(shorter, _)| shorter.to_owned());
        if full == base {
            // `super::NAME`: an item of the folder itself.
            return Some(full).filter(|_| path.starts_with("super::")).filter(|full| known.contains(full.as_str()));
        }
    }
    None
}

fn floor(module: &str) -> usize {
    let part = module.split("::").next().unwrap();
    FLOORS.iter().position(|floor| floor.contains(&part)).unwrap_or_else(|| panic!("{part} has no floor"))
}

#[test]
fn every_arrow_goes_down() {
    let sources = sources();
    let known: BTreeSet<&str> = sources.keys().map(String::as_str).collect();
    let arrows: BTreeMap<&str, BTreeSet<String>> = sources
        .iter()
        .map(|(module, paths)| {
            (module.as_str(), paths.found.iter().filter_map(|path| target(module, path, &known)).collect())
        })
        .collect();
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
    assert!(counted > 100, "paths are read: {counted}");
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn pure_parts_use_nothing_impure_and_decisions_make_no_sentence() {
    for (module, paths) in sources() {
        let part = module.split("::").next().unwrap();
        if !PURE.contains(&part) {
            continue;
        }
        for path in &paths.found {
            let is = |impure: &&str| path == *impure || path.starts_with(&format!("{impure}::"));
            assert!(!IMPURE.iter().any(is), "{module} uses {path}");
            assert!(!CLOCKS.iter().any(|clock| path.contains(clock)), "{module} uses {path}");
            assert!(!["print", "println", "eprint", "eprintln"].contains(&path.as_str()), "{module} uses {path}");
        }
        // Joining names is no sentence; words with a space between them are.
        for text in paths.formatted.iter().filter(|_| ["lifecycle", "template"].contains(&part)) {
            let literal = text.split('"').nth(1).unwrap_or_default();
            let is_sentence = literal.split(' ').filter(|word| word.chars().any(char::is_alphabetic)).count() > 1;
            assert!(!is_sentence || literal.contains(": {"), "{module} makes a sentence: {text}");
        }
    }
}
