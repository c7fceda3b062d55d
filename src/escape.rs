//! Escapes text from outside, for a terminal, for one line and for a shell.

use std::borrow::Cow;

/// Escapes the characters that act on a terminal; line breaks and tabs stay.
pub fn plain(text: &str) -> String {
    escaped(text, |c| ['\n', '\t'].contains(&c))
}

/// Escapes the characters that act on a terminal, and line breaks and tabs.
pub fn line(text: &str) -> String {
    escaped(text, |_| false)
}

/// Quotes text as one word of a line to type: in a Unix shell, or in PowerShell on Windows.
pub fn quote(text: &str) -> Cow<'_, str> {
    if cfg!(windows) { powershell(text) } else { shell_words::quote(text) }
}

/// In double quotes wherever `cmd` would read the same, else in single ones, in which nothing but a quote means
/// anything. Typographic quotes count as quotes (`about_Quoting_Rules` of PowerShell).
fn powershell(text: &str) -> Cow<'_, str> {
    let is_bare = |c: char| c.is_ascii_alphanumeric() || "-_./\\:=".contains(c);
    if !text.is_empty() && text.chars().all(is_bare) {
        return text.into();
    }
    if !text.contains(['"', '$', '`', '%', '\u{201c}', '\u{201d}', '\u{201e}']) {
        return format!("\"{text}\"").into();
    }
    let is_quote = |c: char| matches!(c, '\'' | '\u{2018}'..='\u{201b}');
    let doubled = text.chars().flat_map(|c| std::iter::repeat_n(c, if is_quote(c) { 2 } else { 1 }));
    format!("'{}'", doubled.collect::<String>()).into()
}

fn escaped(text: &str, stays: impl Fn(char) -> bool) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if acts(c) && !stays(c) {
            shown.extend(c.escape_default());
        } else {
            shown.push(c);
        }
    }
    shown
}

/// True for a character that acts on a terminal (C0, C1, DEL) or changes the direction of the text after it (Unicode,
/// `Bidi_Control`).
pub fn acts(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_of_powershell() {
        for (text, word) in [
            ("glance", "glance"),
            (r"C:\charts\pvc.yaml", r"C:\charts\pvc.yaml"),
            ("", "\"\""),
            ("my chart.yaml", "\"my chart.yaml\""),
            ("a,b", "\"a,b\""),
            ("it's", "\"it's\""),
            ("a & b", "\"a & b\""),
            ("$(calc)", "'$(calc)'"),
            ("helm install \"x\"", "'helm install \"x\"'"),
            ("\"it's\u{2019}", "'\"it''s\u{2019}\u{2019}'"),
            ("%PATH%", "'%PATH%'"),
        ] {
            assert_eq!(powershell(text), word, "{text}");
        }
    }
}
