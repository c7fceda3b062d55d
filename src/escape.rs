//! Text from outside, so that it acts on no terminal and begins no line of ours.

/// Text in which what would act on a terminal, or turn the writing, is escaped; line breaks and tabs stay.
#[must_use]
pub fn plain(text: &str) -> String {
    escaped(text, |c| ['\n', '\t'].contains(&c))
}

/// The same on one line.
#[must_use]
pub fn line(text: &str) -> String {
    escaped(text, |_| false)
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

/// Whether a character acts on a terminal (C0, C1, DEL) or turns the direction of what follows (Unicode,
/// `Bidi_Control`).
#[must_use]
pub fn acts(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}
