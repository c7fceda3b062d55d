//! The structure of a template: its lines, those that are YAML, and the place of the claim.

use super::misfit::{Misfit, Problem};

/// A line of the file.
#[derive(Clone, Debug)]
pub struct Line<'a> {
    /// With its line end.
    pub whole: &'a str,
    kind: Kind,
    /// The number of `{{ if }}`, `{{ range }}`, `{{ with }}`, `{{ define }}` or `{{ block }}` that enclose the
    /// beginning of the line.
    depth: usize,
    /// The lowest number on the line, and the number after it.
    lowest: usize,
    after: usize,
    /// True if it has an `{{ else }}` of a block that began before it.
    alternates: bool,
    /// The line, counted from 0, of the innermost `{{ range }}`, `{{ define }}` or `{{ block }}` around it.
    repeated_by: Option<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Blank, a comment, or nothing but actions.
    Other,
    /// `---` or `...`.
    Separator,
    /// Part of a value that began on a line before.
    Inside,
    /// YAML; the width of the white space before it.
    Content(usize),
}

/// The place of the claim's `volumeName:`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The document's `metadata.name`, as written.
    pub name: String,
    /// The lines, counted from 0, of `volumeName:` in its spec.
    pub pins: Vec<usize>,
    /// True if the first of them is rendered whenever the spec is.
    pub certain: bool,
    /// The line, counted from 0, of the block that may render the claim more than once: a `{{ range }}`, or a
    /// `{{ define }}` or `{{ block }}`, which any template may include.
    pub repeated_by: Option<usize>,
    /// The line before which a new one would go.
    pub insert_at: usize,
    /// The white space before a new line.
    pub indent: String,
}

impl<'a> Line<'a> {
    /// The line without its line end.
    pub fn body(&self) -> &'a str {
        self.whole.strip_suffix('\n').map_or(self.whole, |l| l.strip_suffix('\r').unwrap_or(l))
    }

    /// `\n`, `\r\n`, or nothing on a last line that has none.
    pub fn ending(&self) -> &'a str {
        &self.whole[self.body().len()..]
    }

    fn content(&self) -> Option<usize> {
        match self.kind {
            Kind::Content(indent) => Some(indent),
            _ => None,
        }
    }

    /// The key, unquoted, if the line is `key: …`.
    fn key(&self) -> Option<&'a str> {
        self.content()?;
        let text = self.body().trim_start_matches('\u{feff}').trim_start();
        let (key, rest) = match text.chars().next()? {
            quote @ ('"' | '\'') => text[1..].split_once(quote)?,
            _ => text.split_at(text.find(':')?),
        };
        let rest = rest.trim_start().strip_prefix(':')?;
        let is_key = !key.contains("{{") && !key.starts_with(['-', '#', '[', '{']);
        (is_key && (rest.is_empty() || rest.starts_with([' ', '\t']))).then_some(key.trim_end())
    }

    /// The value on the line of a key, unquoted.
    fn text(&self) -> &'a str {
        let (start, end) = value(self.body());
        self.body()[start..end].trim_matches(['"', '\''])
    }
}

/// The start and end of the value in `key: value # comment`; equal if there is none.
pub fn value(body: &str) -> (usize, usize) {
    let quoted = body.trim_start_matches('\u{feff}').trim_start().chars().next().filter(|c| ['"', '\''].contains(c));
    let after_key = quoted.and_then(|q| body.match_indices(q).nth(1)).map_or(0, |(at, _)| at);
    let Some(colon) = body[after_key..].find(':').map(|at| at + after_key) else { return (body.len(), body.len()) };
    let rest = &body[colon + 1..];
    let start = colon + 1 + (rest.len() - rest.trim_start().len());
    let end =
        outside(&body[start..]).find(|(at, c)| *c == '#' && (*at == 0 || body[..start + at].ends_with([' ', '\t'])));
    let end = end.map_or(body.len(), |(at, _)| start + at);
    let end = start + body[start..end.max(start)].trim_end().len();
    // Without a value, the place for one is right after the colon.
    if end == start { (colon + 1, colon + 1) } else { (start, end) }
}

/// The characters of a text that are in no quotes and no action, with their places.
fn outside(text: &str) -> impl Iterator<Item = (usize, char)> {
    let mut quote = None;
    let mut skip_to = 0;
    let mut before = ' ';
    text.char_indices().filter(move |(at, c)| {
        let last = std::mem::replace(&mut before, *c);
        if *at < skip_to {
            return false;
        }
        match quote {
            Some(open) => {
                if *c == open {
                    quote = None;
                }
                false
            }
            None if text[*at..].starts_with("{{") => {
                let action = &text[at + 2..];
                skip_to = end_of_action(action, is_comment(action)).map_or(text.len(), |end| at + 2 + end);
                false
            }
            // A quote inside a word is an apostrophe, not the start of a string.
            None if ['"', '\''].contains(c) && !last.is_alphanumeric() => {
                quote = Some(*c);
                false
            }
            None => true,
        }
    })
}

/// True if a line begins or ends a block of the template.
pub fn opens_or_closes(body: &str) -> bool {
    const BLOCKS: [&str; 7] = ["if", "with", "range", "define", "block", "end", "else"];
    body.split("{{").skip(1).any(|action| BLOCKS.contains(&word(action)))
}

/// The first word of an action, from behind its `{{`.
fn word(action: &str) -> &str {
    let action = action.strip_prefix('-').unwrap_or(action).trim_start();
    &action[..action.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(action.len())]
}

/// The lines of a text, each with its kind.
pub fn lines(text: &str) -> Result<Vec<Line<'_>>, Misfit> {
    let mut found = Vec::new();
    // For each block that is open: the line that it begins on, if it may be rendered more than once.
    let mut blocks: Vec<Option<usize>> = Vec::new();
    let mut in_action: Option<Open> = None;
    // The indent of the key of a block scalar, and how many brackets of a flow value are open.
    let (mut scalar, mut brackets): (Option<usize>, usize) = (None, 0);
    for (at, whole) in text.split_inclusive('\n').enumerate() {
        let body = whole.trim_end_matches(['\n', '\r']);
        let (depth, mut lowest, mut alternates) = (blocks.len(), blocks.len(), false);
        let repeated_by = blocks.iter().rev().find_map(|block| *block);
        let inside_action = in_action.is_some();
        let only_actions = actions(body, &mut in_action, at, |keyword| match keyword {
            "if" | "with" => blocks.push(None),
            "range" | "define" | "block" => blocks.push(Some(at)),
            "end" => {
                blocks.pop();
                lowest = lowest.min(blocks.len());
            }
            "else" if blocks.len() <= lowest => alternates = true,
            _ => {}
        });
        let text = body.trim_start_matches('\u{feff}');
        let indent = text.len() - text.trim_start().len();
        let trimmed = text.trim();
        if scalar.is_some_and(|key| !trimmed.is_empty() && indent <= key && !(only_actions || inside_action)) {
            scalar = None;
        }
        let kind = if inside_action || only_actions || trimmed.is_empty() {
            Kind::Other
        } else if scalar.is_some() || brackets > 0 {
            Kind::Inside
        } else if trimmed.starts_with('#') {
            Kind::Other
        } else if indent == 0
            && ["---", "..."]
                .iter()
                .any(|s| trimmed.strip_prefix(s).is_some_and(|rest| rest.is_empty() || rest.starts_with(' ')))
        {
            Kind::Separator
        } else {
            Kind::Content(indent)
        };
        if matches!(kind, Kind::Content(_)) || brackets > 0 {
            brackets = open_brackets(trimmed, brackets);
        }
        if kind == Kind::Content(indent) && is_block_scalar(trimmed) {
            scalar = Some(indent + trimmed.bytes().take_while(|b| *b == b'-' || *b == b' ').count());
        }
        found.push(Line { whole, kind, depth, lowest, after: blocks.len(), alternates, repeated_by });
    }
    match in_action {
        Some(open) => Err(Misfit::new(open.line + 1, Problem::OpenAction)),
        None => Ok(found),
    }
}

/// An action that has begun and not ended.
#[derive(Clone, Copy)]
struct Open {
    /// The line that it begins on, counted from 0.
    line: usize,
    comment: bool,
}

/// True if the text after `{{` is a comment.
fn is_comment(action: &str) -> bool {
    action.strip_prefix('-').map_or(action, str::trim_start).starts_with("/*")
}

/// The end of an action, from behind its `{{`. A comment may have actions in it, and ends at its own `*/}}`
/// (`lexComment` of text/template).
fn end_of_action(rest: &str, comment: bool) -> Option<usize> {
    let ends: &[&str] = if comment { &["*/}}", "*/ -}}"] } else { &["}}"] };
    ends.iter().filter_map(|end| Some(rest.find(end)? + end.len())).min()
}

/// Calls `each` with the keyword of each action of a line; true if it has nothing but actions and comments.
fn actions(body: &str, open: &mut Option<Open>, line: usize, mut each: impl FnMut(&str)) -> bool {
    let mut rest = body;
    let mut bare = true;
    let mut any = open.is_some();
    loop {
        if let Some(begun) = open {
            let Some(end) = end_of_action(rest, begun.comment) else { return bare && any };
            *open = None;
            rest = &rest[end..];
        }
        let Some(start) = rest.find("{{") else { break };
        // Text after a `#` is a comment to YAML, and an action all the same to Helm.
        bare &= rest[..start].trim().is_empty() || rest[..start].trim_start().starts_with('#');
        any = true;
        each(word(&rest[start + 2..]));
        rest = &rest[start + 2..];
        *open = Some(Open { line, comment: is_comment(rest) });
    }
    any && bare && (rest.trim().is_empty() || rest.trim_start().starts_with('#'))
}

/// The number of open brackets of flow collections after a line.
fn open_brackets(text: &str, mut open: usize) -> usize {
    let mut before = ' ';
    for (at, c) in outside(text) {
        match c {
            '#' if before.is_whitespace() => break,
            // Only where a value may begin: `a[0]` is a word.
            '[' | '{' if open > 0 || [':', '-'].iter().any(|b| text[..at].trim_end().ends_with(*b)) || at == 0 => {
                open += 1;
            }
            ']' | '}' => open = open.saturating_sub(1),
            _ => {}
        }
        before = c;
    }
    open
}

/// True if a block scalar begins here: `|`, `>-`, `|2`.
fn is_block_scalar(text: &str) -> bool {
    let text =
        outside(text).find(|(at, c)| *c == '#' && text[..*at].ends_with(' ')).map_or(text, |(at, _)| &text[..at]);
    let last = text.split_whitespace().last().unwrap_or_default();
    let indicates = last.starts_with(['|', '>']) && last[1..].chars().all(|c| "+-123456789".contains(c));
    let before = text.trim_end().strip_suffix(last).unwrap_or_default().trim_end();
    indicates && (before.ends_with(':') || before.ends_with('-'))
}

/// Finds the claim of that name, or the only one whose name is templated.
pub fn claim(lines: &[Line<'_>], name: &str) -> Result<Place, Misfit> {
    let (mut named, mut templated) = (Vec::new(), Vec::new());
    for (start, end) in documents(lines) {
        let roots = roots(lines, start, end);
        let root = |key: &str| roots.iter().copied().filter(|at| lines[*at].key() == Some(key)).collect::<Vec<_>>();
        if !root("kind").iter().any(|at| lines[*at].text() == "PersistentVolumeClaim") {
            continue;
        }
        let names: Vec<&str> = root("metadata").iter().flat_map(|at| metadata_names(lines, *at, end)).collect();
        if names.contains(&name) {
            named.push((start, end, root("spec"), name));
        } else if let Some(template) = names.iter().find(|template| may_render(template, name)) {
            templated.push((start, end, root("spec"), *template));
        }
    }
    let found = if named.is_empty() { templated } else { named };
    match found.as_slice() {
        [] => Err(Misfit::new(None, Problem::NoClaim(name.to_owned()))),
        [(start, end, specs, name)] => {
            spec(lines, *start, *end, specs).map(|place| Place { name: (*name).to_owned(), ..place })
        }
        [(first, ..), (second, ..), ..] => {
            Err(Misfit::new(second + 1, Problem::SecondClaim(name.to_owned(), first + 1)))
        }
    }
}

/// True if a templated name can be rendered as `name`: what is literal in it has to be there, in order.
fn may_render(template: &str, name: &str) -> bool {
    let mut literals = Vec::new();
    let mut rest = template;
    while let Some(open) = rest.find("{{") {
        literals.push(&rest[..open]);
        let action = &rest[open + 2..];
        rest = end_of_action(action, is_comment(action)).map_or("", |end| &action[end..]);
    }
    let Some((first, between)) = literals.split_first() else { return false };
    let middle = name.strip_prefix(first).and_then(|left| left.strip_suffix(rest));
    let found = |left: &'_ str, literal: &&str| left.find(*literal).map(|at| at + literal.len());
    let fits = |left| between.iter().try_fold(left, |left: &str, literal| Some(&left[found(left, literal)?..]));
    middle.and_then(fits).is_some()
}

fn documents(lines: &[Line<'_>]) -> Vec<(usize, usize)> {
    let ends = lines.iter().enumerate().filter(|(_, line)| line.kind == Kind::Separator).map(|(at, _)| at);
    let mut from = 0;
    let mut found = Vec::new();
    for end in ends.chain([lines.len()]) {
        found.push((from, end));
        from = end + 1;
    }
    found
}

/// The lines of a document's own keys: those of the least indent.
fn roots(lines: &[Line<'_>], start: usize, end: usize) -> Vec<usize> {
    let indent = lines[start..end].iter().filter_map(Line::content).min();
    (start..end).filter(|at| lines[*at].content() == indent && lines[*at].key().is_some()).collect()
}

/// The values of `metadata.name`, in block or in flow style.
fn metadata_names<'a>(lines: &'a [Line<'_>], at: usize, end: usize) -> Vec<&'a str> {
    let flow = lines[at].text();
    if let Some(inner) = flow.strip_prefix('{').filter(|inner| !inner.starts_with('{')) {
        let entries = inner.trim_end_matches('}').split(',');
        let name = |entry: &'a str| {
            let (key, value) = entry.split_once(':')?;
            (key.trim().trim_matches(['"', '\'']) == "name").then(|| value.trim().trim_matches(['"', '\'']))
        };
        return entries.filter_map(name).collect();
    }
    let children = children(lines, at, end);
    children.iter().filter(|c| lines[**c].key() == Some("name")).map(|c| lines[*c].text()).collect()
}

/// The lines of the keys directly under the key on line `at`.
fn children(lines: &[Line<'_>], at: usize, end: usize) -> Vec<usize> {
    let own = lines[at].content().unwrap_or_default();
    let deeper = |line: &Line<'_>| line.content().is_some_and(|indent| indent > own);
    let last = (at + 1..end).find(|i| lines[*i].content().is_some() && !deeper(&lines[*i])).unwrap_or(end);
    let indent = lines[at + 1..last].iter().filter_map(Line::content).min();
    (at + 1..last).filter(|i| lines[*i].content() == indent && lines[*i].key().is_some()).collect()
}

fn spec(lines: &[Line<'_>], start: usize, end: usize, specs: &[usize]) -> Result<Place, Misfit> {
    let at = match specs {
        [at] => *at,
        [] => return Err(Misfit::new(start + 1, Problem::NoSpec)),
        [first, second, ..] => return Err(Misfit::new(second + 1, Problem::SecondSpec(first + 1))),
    };
    if !lines[at].text().is_empty() {
        return Err(Misfit::new(at + 1, Problem::FlowSpec));
    }
    let keys = children(lines, at, end);
    let Some(&first) = keys.first() else {
        return Err(Misfit::new(at + 1, Problem::EmptySpec));
    };
    let last = last_of(lines, at, end);
    let pins: Vec<usize> = keys.iter().copied().filter(|k| lines[*k].key() == Some("volumeName")).collect();
    let class = keys.iter().copied().find(|k| lines[*k].key() == Some("storageClassName"));
    // After the class, or after the block that it stands in; else at the end; else at the beginning.
    let after_class = class.and_then(|class| (class + 1..=last).find(|i| is_place(lines, at, *i, &keys)));
    let places = after_class.into_iter().chain((at + 1..=last).rev().filter(|i| is_place(lines, at, *i, &keys)));
    let Some(insert_at) = places.into_iter().next() else {
        return Err(Misfit::new(at + 1, Problem::NoPlace));
    };
    let body = lines[first].body();
    let indent = body[..body.len() - body.trim_start().len()].to_owned();
    let certain = pins.first().is_none_or(|pin| lines[*pin].depth == lines[at].depth);
    Ok(Place { name: String::new(), pins, certain, repeated_by: lines[at].repeated_by, insert_at, indent })
}

/// The end of the mapping of the key on line `at`: a dedent, the end or `else` of the enclosing block, or
/// trailing blank lines and comments.
fn last_of(lines: &[Line<'_>], at: usize, end: usize) -> usize {
    let own = lines[at].content().unwrap_or_default();
    let depth = lines[at].depth;
    let mut last = at + 1;
    for (i, line) in lines.iter().enumerate().take(end).skip(at + 1) {
        let leaves = line.content().is_some_and(|indent| indent <= own && !line.body().trim_start().starts_with("- "));
        if leaves || line.lowest < depth || (line.alternates && line.depth == depth) {
            break;
        }
        let ends_a_block = line.depth > depth && line.after == depth;
        if line.kind == Kind::Inside || line.content().is_some() || ends_a_block {
            last = i + 1;
        }
    }
    last
}

/// True if a line may go before line `i` of the spec on line `at`: not into a value, not into a
/// block that may not be rendered, and not behind an action that eats the line break before it.
fn is_place(lines: &[Line<'_>], at: usize, i: usize, keys: &[usize]) -> bool {
    let before = &lines[i - 1];
    let into_value = lines.get(i).is_some_and(|line| {
        line.kind == Kind::Inside || (line.content().is_some() && !keys.contains(&i) && is_within(lines, keys, i))
    });
    before.after == lines[at].depth && !into_value && !before.body().trim_end().ends_with("-}}") && !is_open(lines, i)
}

/// True if line `i` belongs to the value of one of the keys.
fn is_within(lines: &[Line<'_>], keys: &[usize], i: usize) -> bool {
    let own = keys.first().and_then(|k| lines[*k].content()).unwrap_or_default();
    let line = &lines[i];
    line.content().is_some_and(|indent| indent > own || (indent == own && line.key().is_none()))
}

/// True if the blank lines, comments and actions before line `i` are within a longer value.
fn is_open(lines: &[Line<'_>], i: usize) -> bool {
    let next = lines[i..].iter().find(|line| line.kind != Kind::Other);
    next.is_some_and(|line| line.kind == Kind::Inside)
}
