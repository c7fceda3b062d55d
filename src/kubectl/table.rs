//! Tables as kubectl prints them.

use comfy_table::presets::NOTHING;
use comfy_table::{ColumnConstraint, ContentArrangement, Table, Width};
use serde_json::Value;

use crate::escape::line;

/// kubectl's tabwriter: this many spaces follow a column, and with them it is no narrower than this.
const NARROWEST: u16 = 6;
const PADDING: u16 = 3;

/// The rows under their header, a line each with its line end; nothing without rows.
///
/// `columns` are the names as the server has them and whether the column is shown; the cells of a
/// row are those of all columns.
pub fn table(columns: &[(&str, bool)], rows: &[&[Value]], headers: bool) -> String {
    part(columns, rows, headers, &[])
}

/// A part of a table whose columns are at least as wide as `widths`, in characters.
pub fn part(columns: &[(&str, bool)], rows: &[&[Value]], headers: bool, widths: &[usize]) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let shown = |at: usize| columns.get(at).is_some_and(|(_, shown)| *shown);
    let mut lines: Vec<Vec<String>> = Vec::new();
    if headers {
        lines.push(columns.iter().filter(|(_, shown)| *shown).map(|(name, _)| name.to_uppercase()).collect());
    }
    for row in rows {
        lines.push(row.iter().enumerate().filter(|(at, _)| shown(*at)).map(|(_, cell)| text(cell)).collect());
    }
    // The last cell of a line is not padded, so it is kept out of the padded table.
    let last: Vec<String> = lines.iter_mut().map(|line| line.pop().unwrap_or_default()).collect();
    if lines.iter().all(Vec::is_empty) {
        return last.iter().map(|cell| format!("{cell}\n")).collect();
    }
    let mut padded = Table::new();
    padded.load_style(NOTHING).set_content_arrangement(ContentArrangement::Disabled).add_rows(lines);
    for (at, column) in padded.column_iter_mut().enumerate() {
        let width = widths.get(at).and_then(|width| u16::try_from(*width).ok()).map_or(0, |width| width + PADDING);
        let least = ColumnConstraint::LowerBoundary(Width::Fixed(width.max(NARROWEST)));
        column.set_padding((0, PADDING)).set_constraint(least);
    }
    padded.lines().zip(last).map(|(line, last)| format!("{line}{last}\n")).collect()
}

/// Makes `widths` those that the row needs, too.
pub fn widen(widths: &mut Vec<usize>, row: &[Value]) {
    widths.resize(widths.len().max(row.len()), 0);
    for (width, cell) in widths.iter_mut().zip(row) {
        *width = text(cell).chars().count().max(*width);
    }
}

/// A cell's text: cut at the first line break, ESC made visible, other control characters dropped.
fn text(cell: &Value) -> String {
    let text = match cell {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let cut = text.find(['\u{c}', '\n', '\r']);
    let kept = &text[..cut.unwrap_or(text.len())];
    // As kubectl prints control characters; bidirectional ones are escaped.
    let kept: String = kept.replace('\u{1b}', "^[").chars().filter(|c| !c.is_control()).collect();
    let mut printed = line(&kept);
    if cut.is_some() {
        printed.push_str("...");
    }
    printed
}
