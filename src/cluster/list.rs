//! Lists, as they come.
//!
//! Lists are requested as Tables and streamed, and only the elements that mention what is looked for are kept:
//! memory does not grow with the number of objects. serde needs whole documents, so the elements are split
//! here.

use http::Method;
use memchr::{memchr2, memmem};
use serde::Deserialize;
use serde_json::Value;

use k8s_openapi::api::core::v1::PersistentVolume;

use super::api::{Cluster, Column, Kind, LIST, TableRow, json};
use crate::error::{Answer, Error};
use crate::lifecycle::{ClaimRef, Target, Volume};

/// Where the API server takes a list from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// Its watch cache as it stands (`resourceVersion=0`): at once, and perhaps of the past.
    Cache,
    /// Whatever shows all that was written before the request came.
    Consistent,
}

/// Volumes whose claimRef names the target, as far as a list tells.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Candidates {
    /// Their names.
    pub names: Vec<String>,
    /// The list's resourceVersion, where it is a number (as Kubernetes' are, KEP-5504).
    pub version: Option<u64>,
}

/// What was kept of a list.
#[derive(Debug, Default)]
pub struct List {
    /// The columns of a Table; none of a plain list.
    columns: Vec<Column>,
    /// The elements: those of a plain list have no cells.
    rows: Vec<TableRow>,
    /// The list's resourceVersion, where it is a number.
    version: Option<u64>,
    /// Whether it is a Table.
    table: bool,
}

impl List {
    /// The objects of its elements.
    pub fn objects(self) -> Result<Vec<Value>, Error> {
        self.rows.into_iter().map(|row| row.object.ok_or(Error::Answer(Answer::NoObject))).collect()
    }

    /// The volumes in it whose claimRef names the target.
    pub fn candidates(self, target: &Target) -> Result<Candidates, Error> {
        let key = Some(target.key());
        let mut names = Vec::new();
        if self.table {
            let column = |name: &'static str| {
                let at = self.columns.iter().position(|c| c.name == name);
                at.ok_or(Error::Answer(Answer::NoColumn(name)))
            };
            let (name, claim) = (column("Name")?, column("Claim")?);
            let text = |row: &TableRow, at: usize| row.cells.get(at).and_then(Value::as_str).map(str::to_owned);
            names.extend(self.rows.iter().filter(|row| text(row, claim) == key).filter_map(|row| text(row, name)));
        } else {
            // A server that knows no Tables.
            for object in self.rows.into_iter().filter_map(|row| row.object) {
                let volume = Volume::from(&PersistentVolume::deserialize(object).map_err(Error::form)?);
                names.extend((volume.claim_ref.as_ref().map(ClaimRef::key) == key).then_some(volume.name));
            }
        }
        Ok(Candidates { names, version: self.version })
    }
}

impl Cluster {
    /// The elements of a collection that mention `needle`, which has no letter that JSON escapes; `path`
    /// has its query. An answer that is no list is an error.
    pub async fn list(&self, path: &str, needle: &str) -> Result<List, Error> {
        let mut list = List::default();
        let mut page = String::new();
        loop {
            let mut reader = Reader::new(needle);
            self.exchange(Method::GET, &format!("{path}{page}"), None, LIST, |part| reader.feed(part)).await?;
            match reader.end(&mut list)?.filter(|token| !token.is_empty()) {
                Some(token) => page = format!("&continue={token}"),
                None => return Ok(list),
            }
        }
    }

    /// Lists all volumes and keeps the names of those whose claimRef names the target.
    pub async fn candidates(&self, target: &Target, source: Source) -> Result<Candidates, Error> {
        let source = match source {
            Source::Cache => "&resourceVersion=0",
            Source::Consistent => "",
        };
        let path = format!("{}?includeObject=None{source}", Kind::Volume.path(None));
        self.list(&path, &target.claim).await?.candidates(target)
    }
}

/// One answer of the API server, while it comes.
pub struct Reader {
    elements: Elements,
    needle: memmem::Finder<'static>,
    /// The elements that mention it.
    kept: Vec<Vec<u8>>,
}

impl Reader {
    /// Nothing has come yet.
    #[must_use]
    pub fn new(needle: &str) -> Self {
        let needle = memmem::Finder::new(needle.as_bytes()).into_owned();
        Self { elements: Elements::default(), needle, kept: Vec::new() }
    }

    /// Takes the next part.
    pub fn feed(&mut self, part: &[u8]) {
        let Self { elements, needle, kept } = self;
        elements.feed(part, |element| {
            if needle.find(element).is_some() {
                kept.push(element.to_vec());
            }
        });
    }

    /// Adds what was kept to `list`; the token of the next page.
    ///
    /// # Errors
    ///
    /// What came is no list.
    pub fn end(self, list: &mut List) -> Result<Option<String>, Error> {
        let around: Around = json(&self.elements.around)?;
        list.version = around.metadata.resource_version.parse().ok();
        list.table = around.kind == "Table";
        if list.table {
            list.columns = around.column_definitions;
            for row in &self.kept {
                list.rows.push(json(row)?);
            }
        } else if around.kind.ends_with("List") {
            for item in &self.kept {
                list.rows.push(TableRow { cells: Vec::new(), object: Some(json(item)?) });
            }
        } else {
            return Err(Error::Answer(Answer::NoList(around.kind)));
        }
        Ok(around.metadata.next)
    }
}

/// A list without its elements: what is left when those have been cut out.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Around {
    kind: String,
    metadata: ListMeta,
    #[serde(default)]
    column_definitions: Vec<Column>,
    #[serde(default, rename = "rows")]
    _rows: Option<[(); 0]>,
    #[serde(default, rename = "items")]
    _items: Option<[(); 0]>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ListMeta {
    #[serde(default)]
    resource_version: String,
    #[serde(rename = "continue", default)]
    next: Option<String>,
}

/// Cuts a JSON list that comes in parts into the objects of its `rows` or `items`, and the rest.
///
/// It only counts brackets: whether the rest and the objects that matter are JSON is for serde.
#[derive(Debug, Default)]
struct Elements {
    /// The document without its elements.
    around: Vec<u8>,
    /// The beginning of the element that the last part ended in.
    begun: Vec<u8>,
    /// How many brackets are open.
    depth: usize,
    /// Whether the second of them is that of `rows` or `items`.
    listed: bool,
    /// Whether a string is open.
    string: bool,
    /// Whether a string is open and its last letter was a backslash.
    escaped: bool,
}

impl Elements {
    /// Takes the next part; `each` is given each element that ends in it.
    fn feed(&mut self, part: &[u8], mut each: impl FnMut(&[u8])) {
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
                            if self.begun.is_empty() {
                                each(&part[from..=at]);
                            } else {
                                self.begun.extend_from_slice(&part[from..=at]);
                                each(&self.begun);
                                self.begun.clear();
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
            self.begun.extend_from_slice(&part[from..]);
        } else {
            self.place(&part[from..]);
        }
    }

    /// Appends the bytes outside the elements, without the commas between those.
    fn place(&mut self, text: &[u8]) {
        if self.listed {
            self.around.extend(text.iter().filter(|byte| **byte != b','));
        } else {
            self.around.extend_from_slice(text);
        }
    }

    /// Whether what comes next is the value of `rows` or `items`.
    fn is_list_next(&self) -> bool {
        let key = self.around.trim_ascii_end().strip_suffix(b":").unwrap_or_default().trim_ascii_end();
        key.ends_with(b"\"rows\"") || key.ends_with(b"\"items\"")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn target() -> Target {
        let (namespace, claim) = ("openstack".to_owned(), "glance-images".to_owned());
        Target { namespace, claim }
    }

    /// What is found in a document that comes in parts of `size` bytes.
    fn found(document: &str, size: usize) -> Result<(Candidates, Option<String>), Error> {
        let (mut list, mut reader) = (List::default(), Reader::new("glance-images"));
        for part in document.as_bytes().chunks(size) {
            reader.feed(part);
        }
        let next = reader.end(&mut list)?;
        Ok((list.candidates(&target())?, next))
    }

    fn names(document: &str) -> Vec<String> {
        let whole = found(document, usize::MAX).unwrap().0.names;
        for size in 1..40 {
            assert_eq!(found(document, size).unwrap().0.names, whole, "in parts of {size}");
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
    fn plain_lists_and_pages() {
        let list = json!({"kind": "PersistentVolumeList", "metadata": {"continue": "2", "resourceVersion": "12"}, "items": [
            {"metadata": {"name": "pv-1", "annotations": {"rows": "[{\"cells\":["}},
                "spec": {"claimRef": {"namespace": "openstack", "name": "glance-images"}}},
            {"metadata": {"name": "glance-images"}, "spec": {}}]});
        assert_eq!(names(&list.to_string()), ["pv-1"]);
        let (candidates, next) = found(&list.to_string(), 5).unwrap();
        assert_eq!((candidates.version, next.as_deref()), (Some(12), Some("2")));
    }

    #[test]
    fn what_is_no_list_is_an_error() {
        for bad in [
            "",
            "[]",
            "null",
            "not json",
            "{}",
            r#"{"kind":"Status","metadata":{}}"#,
            r#"{"kind":"Table","metadata":{},"rows":[]}"#,
            r#"{"kind":"Table","metadata":{},"columnDefinitions":[{"name":"Name"},{"name":"Claim"}],"rows":[1]}"#,
            r#"{"kind":"PersistentVolumeList","metadata":{},"items":[{"metadata":{"name":"pv-1"}}"#,
            r#"{"kind":"PersistentVolumeList","metadata":{},"items":[{"metadata":"glance-images"}]}"#,
            r#"{"kind":"PersistentVolumeList","metadata":{},"items":[]}}"#,
        ] {
            for size in [1, 7, usize::MAX] {
                assert!(matches!(found(bad, size), Err(Error::Answer(_))), "{bad}");
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

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
                prop_assert_eq!(&found(&text, size).unwrap().0.names, &expected);
            }
        }

        /// Whatever comes, it ends in an answer or an error.
        #[test]
        fn garbage_is_survived(bytes in "[\\[\\]{}\",\\\\:a-z]{0,60}", size in 1usize..64) {
            let _ = found(&bytes, size);
        }
    }
}
