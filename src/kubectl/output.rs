//! Output formats.

use clap::ValueEnum;
use serde::Serialize;
use serde_json::{Value, json};

use crate::error::Error;
use crate::escape::acts;

/// The formats of `-o`; without it, a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Table with all columns
    Wide,
    /// resource/name
    Name,
    /// JSON
    Json,
    /// YAML
    Yaml,
}

/// The format of results.
#[derive(Clone, Copy, Debug)]
pub struct Output {
    /// `None` for the table.
    pub format: Option<Format>,
    pub headers: bool,
}

impl Output {
    /// True if the result is for people.
    pub fn is_table(&self) -> bool {
        matches!(self.format, None | Some(Format::Wide))
    }

    pub fn is_wide(&self) -> bool {
        self.format == Some(Format::Wide)
    }

    /// An object for scripts, formatted like kubectl's, keys in order; `None` if a table or names are wanted.
    pub fn object(&self, object: &impl Serialize) -> Result<Option<String>, Error> {
        let object = || serde_json::to_value(object).map_err(Error::response);
        match self.format {
            Some(Format::Json) => pretty(&object()?).map(Some),
            Some(Format::Yaml) => yaml(&object()?).map(Some),
            Some(Format::Wide | Format::Name) | None => Ok(None),
        }
    }
}

/// An object without managedFields, which kubectl hides, too.
pub fn without_managed_fields(object: &Value) -> Value {
    let mut object = object.clone();
    if let Some(metadata) = object["metadata"].as_object_mut() {
        metadata.remove("managedFields");
    }
    object
}

/// A `List` of objects, as kubectl prints several.
pub fn list(items: &[Value]) -> Value {
    json!({"apiVersion": "v1", "kind": "List", "metadata": {"resourceVersion": ""}, "items": items})
}

/// Four spaces, keys in order, and `<`, `>`, `&` escaped, as in Go's encoder for kubectl; so are characters that act
/// on a terminal.
fn pretty(object: &Value) -> Result<String, Error> {
    let mut bytes = Vec::new();
    let four = serde_json::ser::PrettyFormatter::with_indent(b"    ");
    let mut serializer = serde_json::Serializer::with_formatter(&mut bytes, four);
    object.serialize(&mut serializer).map_err(Error::response)?;
    // These characters stand in strings only.
    let mut text = String::with_capacity(bytes.len());
    for c in String::from_utf8_lossy(&bytes).chars() {
        if matches!(c, '<' | '>' | '&') || (acts(c) && !c.is_ascii_control()) {
            text += &format!("\\u{:04x}", u32::from(c));
        } else {
            text.push(c);
        }
    }
    Ok(text + "\n")
}

/// A character that the serializer escapes, and no name or note has.
const MARK: char = '\u{fffe}';

/// The serializer escapes control characters, but not bidirectional ones: those pass through it as a mark and their
/// number, and become an escape afterwards.
fn yaml(object: &Value) -> Result<String, Error> {
    let mut text = String::new();
    let options = serde_saphyr::ser_options! { compact_list_indent: true };
    serde_saphyr::to_fmt_writer_with_options(&mut text, &marked(object), options).map_err(Error::response)?;
    Ok(text.replace("\\uFFFE", "\\u"))
}

fn marked(value: &Value) -> Value {
    let text = |text: &str| -> String {
        let marked = |c: char| acts(c) && !c.is_control() || c == MARK;
        text.chars().map(|c| if marked(c) { format!("{MARK}{:04x}", u32::from(c)) } else { c.to_string() }).collect()
    };
    match value {
        Value::String(string) => Value::String(text(string)),
        Value::Array(items) => items.iter().map(marked).collect(),
        Value::Object(map) => map.iter().map(|(key, value)| (text(key), marked(value))).collect(),
        other => other.clone(),
    }
}
