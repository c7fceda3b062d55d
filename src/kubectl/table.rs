//! Tables as kubectl prints them.

use comfy_table::presets::NOTHING;
use comfy_table::{ColumnConstraint, ContentArrangement, Table, Width};
use serde_json::Value;

use crate::cluster::api::Row;

/// kubectl's tabwriter: this many spaces follow a column, and with them it is no narrower than this.
const NARROWEST: u16 = 6;
const PADDING: u16 = 3;

/// The rows under their header, a line each with its line end; nothing without rows.
///
/// `wide` adds the columns that the server keeps for `-o wide`.
#[must_use]
pub fn table(rows: &[&Row], wide: bool, headers: bool) -> String {
    let Some(first) = rows.first() else { return String::new() };
    let shown = |row: &Row, at: usize| row.columns.get(at).is_some_and(|c| wide || c.priority == 0);
    let mut lines: Vec<Vec<String>> = Vec::new();
    if headers {
        lines.push(first.columns.iter().filter(|c| wide || c.priority == 0).map(|c| c.name.to_uppercase()).collect());
    }
    for row in rows {
        let cells = row.cells.iter().enumerate().filter(|(at, _)| shown(row, *at));
        lines.push(cells.map(|(_, cell)| text(cell)).collect());
    }
    // The last cell of a line is not padded, so it is kept out of the padded table.
    let last: Vec<String> = lines.iter_mut().map(|line| line.pop().unwrap_or_default()).collect();
    if lines.iter().all(Vec::is_empty) {
        return last.iter().map(|cell| format!("{cell}\n")).collect();
    }
    let mut padded = Table::new();
    padded.load_style(NOTHING).set_content_arrangement(ContentArrangement::Disabled).add_rows(lines);
    for column in padded.column_iter_mut() {
        column.set_padding((0, PADDING)).set_constraint(ColumnConstraint::LowerBoundary(Width::Fixed(NARROWEST)));
    }
    padded.lines().zip(last).map(|(line, last)| format!("{line}{last}\n")).collect()
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
    let mut printed: String = kept.replace('\u{1b}', "^[").chars().filter(|c| !c.is_control()).collect();
    if cut.is_some() {
        printed.push_str("...");
    }
    printed
}
