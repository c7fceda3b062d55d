//! Lists, read while they arrive.
//!
//! Lists are requested as Tables and streamed, and only the rows that mention what is looked for are kept: memory
//! does not grow with the number of objects. serde needs whole documents, so the rows are split here.

use http::Method;
use memchr::{memchr2, memmem};
use serde::Deserialize;
use serde_json::Value;

use super::api::{Cluster, Column, Kind, LIST, NO_OBJECT, Row, TableRow, json};
use crate::error::Error;
use crate::lifecycle::Target;

/// Source of a list on the API server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fresh {
    /// The watch cache as it stands (`resourceVersion=0`): fast, and perhaps stale.
    Cached,
    /// Everything that was written before the request arrived.
    Consistent,
}

/// Volumes whose claimRef refers to the target, as far as a list tells.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Candidates {
    /// Their names.
    pub names: Vec<String>,
    /// The other claims of the namespace whose volumes are not Retain, with the policies.
    pub at_risk: Vec<(String, String)>,
    /// The list's resourceVersion, if it is a number (as Kubernetes' are, KEP-5504).
    pub version: Option<u64>,
}

/// Volumes and the names of the claims of one namespace that their claimRefs have, as far as a list tells.
#[derive(Debug)]
pub struct Bindings {
    /// The volumes.
    pub volumes: Vec<Binding>,
    /// The list's resourceVersion.
    pub version: Option<u64>,
}

/// A volume in a list, and the claim that its claimRef names.
#[derive(Debug)]
pub struct Binding {
    /// The volume's name.
    pub volume: String,
    /// The claim's name.
    pub claim: String,
    /// The policy, if the volume is bound and would be deleted with the claim.
    pub at_risk: Option<String>,
    /// True if it is Released with policy Retain.
    pub kept: bool,
}

/// The rows of a list that were kept.
#[derive(Debug, Default)]
pub struct List {
    columns: Vec<Column>,
    /// As they arrived: parsed they are many times as large.
    rows: Vec<Vec<u8>>,
    version: Option<u64>,
}

impl List {
    /// The objects of its rows.
    pub fn objects(self) -> Result<Vec<Value>, Error> {
        self.into_rows().map(|row| Ok(row?.object)).collect()
    }

    /// Its rows, with their objects.
    pub fn into_rows(self) -> impl Iterator<Item = Result<Row, Error>> {
        let Self { columns, rows, .. } = self;
        rows.into_iter().map(move |row| {
            let TableRow { cells, object } = json(&row)?;
            let object = object.ok_or_else(|| Error::response(NO_OBJECT))?;
            Ok(Row { columns: columns.clone(), cells, object })
        })
    }

    fn parsed(&self) -> Result<Vec<TableRow>, Error> {
        self.rows.iter().map(|row| json(row)).collect()
    }

    /// The volumes in it whose claimRef names a claim of the namespace.
    pub fn bindings(self, namespace: &str) -> Result<Bindings, Error> {
        let (name, claim) = (self.column("Name")?, self.column("Claim")?);
        let (policy, status) = (self.column("Reclaim Policy")?, self.column("Status")?);
        let binding = |row: &TableRow| {
            let claim = text(row, claim)?.strip_prefix(namespace)?.strip_prefix('/')?.to_owned();
            let is = |phase: &str| text(row, status).as_deref() == Some(phase);
            let at_risk = text(row, policy).filter(|policy| is("Bound") && policy != "Retain");
            let kept = is("Released") && text(row, policy).as_deref() == Some("Retain");
            Some(Binding { volume: text(row, name)?, claim, at_risk, kept })
        };
        Ok(Bindings { volumes: self.parsed()?.iter().filter_map(binding).collect(), version: self.version })
    }

    fn column(&self, name: &str) -> Result<usize, Error> {
        let at = self.columns.iter().position(|c| c.name == name);
        at.ok_or_else(|| Error::response(format!("Table has no column \"{name}\"")))
    }

    /// The volumes in it whose claimRef refers to the target.
    pub fn candidates(self, target: &Target) -> Result<Candidates, Error> {
        let key = Some(target.key());
        let (name, claim) = (self.column("Name")?, self.column("Claim")?);
        let rows = self.parsed()?;
        let names = rows.iter().filter(|row| text(row, claim) == key).filter_map(|row| text(row, name)).collect();
        let at = |name: &str| self.column(name).unwrap_or(usize::MAX);
        let (policy, status) = (at("Reclaim Policy"), at("Status"));
        let bound = rows.iter().filter(|row| text(row, status).as_deref() == Some("Bound"));
        let sibling = |row: &TableRow| {
            let claim = text(row, claim)?.strip_prefix(&format!("{}/", target.namespace))?.to_owned();
            Some((claim, text(row, policy)?)).filter(|(claim, policy)| *claim != target.name && policy != "Retain")
        };
        let at_risk = bound.filter_map(sibling).collect();
        Ok(Candidates { names, at_risk, version: self.version })
    }
}

impl Cluster {
    /// The rows of a collection that mention `needle`, which has no character that JSON escapes; `path` has its
    /// query. A response that is not a Table is an error.
    pub async fn list(&self, path: &str, needle: &str) -> Result<List, Error> {
        self.listed(path, Reader::new(needle)).await
    }

    async fn listed(&self, path: &str, mut reader: Reader) -> Result<List, Error> {
        self.exchange(Method::GET, path, None, LIST, |part| reader.feed(part)).await?;
        reader.end()
    }

    /// The resourceVersion of a collection as of now.
    pub async fn version_of(&self, path: &str) -> Result<String, Error> {
        let listed = self.list(&format!("{path}?limit=1&includeObject=None"), "\0").await?;
        Ok(listed.version.map_or_else(String::new, |version| version.to_string()))
    }

    /// Lists all volumes and keeps the names of those whose claimRef refers to the target.
    pub async fn candidates(&self, target: &Target, fresh: Fresh) -> Result<Candidates, Error> {
        let version = if fresh == Fresh::Cached { "&resourceVersion=0" } else { "" };
        let path = format!("{}?includeObject=None{version}", Kind::Volume.path(None));
        let besides = [format!("\"{}/", target.namespace), "\"Retain\"".to_owned()];
        let reader = Reader { besides: Some(besides.map(finder)), ..Reader::new(&target.name) };
        self.listed(&path, reader).await?.candidates(target)
    }
}

/// The text of a cell.
fn text(row: &TableRow, at: usize) -> Option<String> {
    row.cells.get(at).and_then(Value::as_str).map(str::to_owned)
}

fn finder(needle: impl AsRef<[u8]>) -> memmem::Finder<'static> {
    memmem::Finder::new(needle.as_ref()).into_owned()
}

/// A list while it arrives.
pub struct Reader {
    rows: Rows,
    needle: memmem::Finder<'static>,
    /// Rows to keep besides: those that mention the first, and not the second.
    besides: Option<[memmem::Finder<'static>; 2]>,
    /// The rows that were kept.
    kept: Vec<Vec<u8>>,
}

impl Reader {
    /// An empty reader.
    #[must_use]
    pub fn new(needle: &str) -> Self {
        Self { rows: Rows::default(), needle: finder(needle), besides: None, kept: Vec::new() }
    }

    /// Takes the next part.
    pub fn feed(&mut self, part: &[u8]) {
        let Self { rows, needle, besides, kept } = self;
        rows.feed(part, |row| {
            let besides = || {
                besides.as_ref().is_some_and(|[with, without]| with.find(row).is_some() && without.find(row).is_none())
            };
            if needle.find(row).is_some() || besides() {
                kept.push(row.to_vec());
            }
        });
    }

    /// The list of the rows that were kept.
    ///
    /// # Errors
    ///
    /// The parts are not a Table.
    pub fn end(self) -> Result<List, Error> {
        let around = Self::ended(&self.rows)?;
        let version = around.metadata.resource_version.parse().ok();
        Ok(List { columns: around.column_definitions, rows: self.kept, version })
    }
}

impl Reader {
    /// The document around the rows, which have all arrived; an error if it is not a Table.
    pub(super) fn ended(rows: &Rows) -> Result<Around, Error> {
        let around: Around = json(&rows.around)?;
        if around.kind != "Table" {
            return Err(Error::response(format!("got kind \"{}\" instead of a Table", around.kind.escape_debug())));
        }
        Ok(around)
    }
}

/// A Table without its rows.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Around {
    kind: String,
    #[serde(default)]
    metadata: ListMeta,
    #[serde(default)]
    column_definitions: Vec<Column>,
    #[serde(default, rename = "rows")]
    _rows: Option<[(); 0]>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ListMeta {
    #[serde(default)]
    resource_version: String,
}

/// Splits a JSON Table that arrives in parts into its rows and the rest.
///
/// It only counts brackets; serde parses the rest and the rows that matter.
#[derive(Debug, Default)]
pub(super) struct Rows {
    /// The document without its rows.
    around: Vec<u8>,
    /// The beginning of the row that the last part ended in.
    partial: Vec<u8>,
    /// The number of open brackets.
    depth: usize,
    /// True if the second of them is that of `rows`.
    listed: bool,
    /// True inside a string.
    string: bool,
    /// True after a backslash inside a string.
    escaped: bool,
}

impl Rows {
    /// Takes the next part and calls `each` with each row that ends in it.
    pub(super) fn feed(&mut self, part: &[u8], mut each: impl FnMut(&[u8])) {
        // Bytes before `from` have been consumed.
        let (mut from, mut at) = (0, 0);
        while at < part.len() {
            if self.escaped {
                self.escaped = false;
            } else if self.string {
                let Some(next) = memchr2(b'"', b'\\', &part[at..]) else { break };
                at += next;
                self.string = part[at] == b'\\';
                self.escaped = self.string;
            } else {
                match part[at] {
                    b'"' => self.string = true,
                    open @ (b'{' | b'[') => {
                        if self.depth == 1 || (self.listed && self.depth == 2) {
                            self.place(&part[from..at]);
                            from = at;
                        }
                        if self.depth == 1 {
                            self.listed = open == b'[' && self.is_list_next();
                        }
                        self.depth += 1;
                    }
                    b'}' | b']' => {
                        self.depth = self.depth.saturating_sub(1);
                        if self.listed && self.depth == 2 {
                            if self.partial.is_empty() {
                                each(&part[from..=at]);
                            } else {
                                self.partial.extend_from_slice(&part[from..=at]);
                                each(&self.partial);
                                self.partial.clear();
                            }
                            from = at + 1;
                        } else if self.listed && self.depth == 1 {
                            self.depth = 2;
                            self.place(&part[from..at]);
                            (self.depth, self.listed, from) = (1, false, at);
                        }
                    }
                    _ => {}
                }
            }
            at += 1;
        }
        if self.listed && self.depth > 2 {
            self.partial.extend_from_slice(&part[from..]);
        } else {
            self.place(&part[from..]);
        }
    }

    /// Appends the bytes outside the rows, without the commas between them.
    fn place(&mut self, text: &[u8]) {
        if self.listed {
            self.around.extend(text.iter().filter(|byte| **byte != b','));
        } else {
            self.around.extend_from_slice(text);
        }
    }

    /// True if the value of `rows` comes next.
    fn is_list_next(&self) -> bool {
        let key = self.around.trim_ascii_end().strip_suffix(b":").unwrap_or_default().trim_ascii_end();
        key.ends_with(b"\"rows\"")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn target() -> Target {
        Target { namespace: "openstack".to_owned(), name: "glance-images".to_owned() }
    }

    /// The candidates in a document that arrives in parts of `size` bytes.
    fn found(document: &str, size: usize) -> Result<Candidates, Error> {
        let mut reader = Reader::new("glance-images");
        for part in document.as_bytes().chunks(size) {
            reader.feed(part);
        }
        reader.end()?.candidates(&target())
    }

    fn names(document: &str) -> Vec<String> {
        let whole = found(document, usize::MAX).unwrap().names;
        for size in 1..40 {
            assert_eq!(found(document, size).unwrap().names, whole, "in parts of {size}");
        }
        whole
    }

    #[test]
    fn tables_in_any_order_of_columns_and_keys() {
        let table = r#"{"kind":"Table","metadata":{"resourceVersion":"7"},
            "columnDefinitions":[{"name":"Claim"},{"name":"Rows, \"rows\":["},{"name":"Name","priority":0}],
            "rows":[{"cells":["openstack/glance-images","]}","pv-1"]}, {"cells":["other/glance-images","",
            "pv-2"]},{"cells":["openstack/glance-images-2","\\","pv-3"]},{"cells":["openstack/glance-images",null,"pv-4"]}]}"#;
        assert_eq!(names(table), ["pv-1", "pv-4"]);
        let rows_first = r#"{"rows":[{"cells":["pv-1","openstack/glance-images"]}],"kind":"Table",
            "columnDefinitions":[{"name":"Name"},{"name":"Claim"}],"metadata":{}}"#;
        assert_eq!(names(rows_first), ["pv-1"]);
        let none =
            r#"{"kind":"Table","metadata":{},"columnDefinitions":[{"name":"Name"},{"name":"Claim"}],"rows":null}"#;
        assert_eq!(names(none), [""; 0]);
    }

    #[test]
    fn anything_but_a_table_is_an_error() {
        for bad in [
            "",
            "[]",
            "null",
            "not json",
            "{}",
            r#"{"kind":"Status","metadata":{}}"#,
            r#"{"kind":"Table","metadata":{},"rows":[]}"#,
            r#"{"kind":"Table","metadata":{},"columnDefinitions":[{"name":"Name"},{"name":"Claim"}],"rows":[1]}"#,
            r#"{"kind":"Table","metadata":{},"columnDefinitions":[{"name":"Name"},{"name":"Claim"}],"rows":[{"cells":["#,
            r#"{"kind":"Table","metadata":{},"columnDefinitions":[{"name":"Name"},{"name":"Claim"}],"rows":[]}}"#,
            r#"{"kind":"PersistentVolumeList","metadata":{},"items":[]}"#,
        ] {
            for size in [1, 7, usize::MAX] {
                assert!(matches!(found(bad, size), Err(Error::Response(_))), "{bad}");
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        /// Cut out element by element, a list is what serde reads of the whole.
        #[test]
        fn the_parts_make_the_whole(
            claims in proptest::collection::vec("(openstack|o)/(glance-images|g|[\\[\\]{}\",\\\\:]{0,5})", 0..8),
            extra in "[\\[\\]{}\",\\\\: a-z\u{0}-\u{1f}é]{0,20}",
            size in 1usize..64,
        ) {
            let rows: Vec<_> = claims.iter().enumerate()
                .map(|(n, claim)| json!({"cells": [claim, extra, format!("pv-{n}")], "object": {&extra: [&extra]}})).collect();
            let document = json!({"kind": "Table", "metadata": {"remark": extra, "rows": [[extra]]}, "rows": rows,
                "columnDefinitions": [{"name": "Claim"}, {"name": extra}, {"name": "Name"}]});
            let expected: Vec<_> = claims.iter().enumerate()
                .filter(|(_, claim)| *claim == "openstack/glance-images").map(|(n, _)| format!("pv-{n}")).collect();
            for text in [document.to_string(), serde_json::to_string_pretty(&document).unwrap()] {
                prop_assert_eq!(&found(&text, size).unwrap().names, &expected);
            }
        }

        /// Any text ends in candidates or an error.
        #[test]
        fn garbage_is_survived(bytes in "[\\[\\]{}\",\\\\:a-z]{0,60}", size in 1usize..64) {
            let _ = found(&bytes, size);
        }
    }
}
