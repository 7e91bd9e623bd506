//! How must a template's source change so that minijinja runs it as Jinja2 does?
//!
//! Only inside tags, and only where the two differ:
//! - `{% generation %}` marks the assistant's tokens for training; its body has a scope of its own.
//! - `for x in E` fails for a none in Python and is silent here: E goes through a checking filter.
//! - `'text %s' % x` is formatting in Python: it becomes the `format` filter.
//! - `x[::-1]` of an empty string panics: it becomes a filter of ours.
//! - `set _ = x.append(y)` and `set v = x.pop(i)` change a list, which values here cannot.

/// The filter that loops send their values through.
pub const ITERATE: &str = "hearth_iterate";
/// The filter that stands for `[::-1]`.
pub const REVERSE: &str = "hearth_reverse";

#[derive(Clone, Copy, PartialEq, Debug)]
enum Kind {
    Space,
    Word,
    Text,
    Mark,
}

#[derive(Clone, Copy, PartialEq, Debug)]
struct Token<'a> {
    kind: Kind,
    text: &'a str,
}

impl Token<'_> {
    fn is(&self, text: &str) -> bool {
        self.kind != Kind::Text && self.text == text
    }
}

/// The source with all the changes; a source that cannot be read is given back as it is.
pub fn rewrite(source: &str) -> String {
    let mut out = String::with_capacity(source.len() + source.len() / 16);
    let mut rest = source;
    while let Some(at) = rest.find('{') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let length = match rest.get(1..2) {
            Some("#") => rest.find("#}").map(|end| end + 2),
            Some("%") | Some("{") => rewrite_tag(rest, &mut out),
            _ => {
                out.push('{');
                rest = &rest[1..];
                continue;
            }
        };
        let Some(length) = length else { break };
        if rest[1..].starts_with('#') {
            out.push_str(&rest[..length]);
        }
        rest = &rest[length..];
    }
    out.push_str(rest);
    out
}

/// Writes the tag that `source` starts with, rewritten; gives its length, none if it never ends.
fn rewrite_tag(source: &str, out: &mut String) -> Option<usize> {
    let is_block = source.starts_with("{%");
    let closer = if is_block { "%}" } else { "}}" };
    let (tokens, length) = tokens_until(source, closer)?;
    let opening = &source[..2];
    let (left, tokens) = take_sign(&tokens, true);
    let (right, tokens) = take_sign(tokens, false);
    let first = tokens.iter().find(|token| token.kind != Kind::Space);
    if is_block && first.is_some_and(|token| token.is("raw")) {
        let end = length + source[length..].find("endraw")?;
        let end = end + source[end..].find("%}")? + 2;
        out.push_str(&source[..end]);
        return Some(end);
    }
    let body = match first {
        Some(word) if is_block => rewrite_block(word.text, tokens, (left, right)),
        _ => rewrite_format(tokens),
    };
    out.push_str(opening);
    out.push_str(left);
    out.push_str(&body);
    out.push_str(right);
    out.push_str(closer);
    Some(length)
}

fn rewrite_block(word: &str, tokens: &[Token], signs: (&str, &str)) -> String {
    match word {
        "generation" => " with ".to_owned(),
        "endgeneration" => " endwith ".to_owned(),
        "for" => rewrite_for(tokens),
        "set" => rewrite_list_change(tokens, signs).unwrap_or_else(|| rewrite_format(tokens)),
        _ => rewrite_format(tokens),
    }
}

fn rewrite_for(tokens: &[Token]) -> String {
    let Some(start) = tokens.iter().position(|token| token.is("in")) else {
        return rewrite_format(tokens);
    };
    let mut depth = 0;
    let mut end = tokens.len();
    for (at, token) in tokens.iter().enumerate().skip(start + 1) {
        depth += depth_change(token);
        if depth == 0 && (token.is("if") || token.is("recursive")) {
            end = at;
            break;
        }
    }
    let values = rewrite_format(&tokens[start + 1..end]);
    let head = joined(&tokens[..=start]);
    let tail = rewrite_format(&tokens[end..]);
    format!("{head} ({})|{ITERATE} {tail}", values.trim())
}

fn depth_change(token: &Token) -> i32 {
    match token.text {
        "(" | "[" | "{" if token.kind == Kind::Mark => 1,
        ")" | "]" | "}" if token.kind == Kind::Mark => -1,
        _ => 0,
    }
}

/// `set NAME = PATH.append(ARGS)` and `set NAME = PATH.pop(INDEX)`, where PATH is dotted names.
fn rewrite_list_change(tokens: &[Token], (left, right): (&str, &str)) -> Option<String> {
    let tokens: Vec<Token> =
        tokens.iter().copied().filter(|token| token.kind != Kind::Space).collect();
    let [set, name, equals, call @ ..] = tokens.as_slice() else {
        return None;
    };
    if !set.is("set") || name.kind != Kind::Word || !equals.is("=") || !call.last()?.is(")") {
        return None;
    }
    let open = call.iter().position(|token| token.is("("))?;
    let path = call.get(..open.checked_sub(2)?)?;
    let is_path = !path.is_empty()
        && path
            .iter()
            .enumerate()
            .all(|(at, token)| if at % 2 == 0 { token.kind == Kind::Word } else { token.is(".") });
    if !is_path || !call[open - 2].is(".") || closing(call, open)? != call.len() - 1 {
        return None;
    }
    let path = joined(path);
    let arguments = spaced(&call[open + 1..call.len() - 1]);
    match (call[open - 1].text, arguments.as_str()) {
        ("append", _) => Some(format!(" set {path} = {path} + [{arguments}] ")),
        ("pop", index) => {
            let (index, rest) = match index {
                "0" => ("0", "[1:]"),
                "" | "-1" | "- 1" => ("-1", "[:-1]"),
                _ => return None,
            };
            let name = name.text;
            // Between the two tags nothing is written; the outer signs stay where they were.
            Some(format!(
                " set {name} = {path}[{index}] {right}%}}{{%{left} set {path} = {path}{rest} "
            ))
        }
        _ => None,
    }
}

/// Where the bracket that opens at `open` closes.
fn closing(tokens: &[Token], open: usize) -> Option<usize> {
    let mut depth = 0;
    for (at, token) in tokens.iter().enumerate().skip(open) {
        depth += depth_change(token);
        if depth == 0 {
            return Some(at);
        }
    }
    None
}

/// Turns each `"literal" % operand` into `"literal"|format(operand)`, and `[::-1]` into a filter.
fn rewrite_format(tokens: &[Token]) -> String {
    let mut out = String::new();
    let mut at = 0;
    while at < tokens.len() {
        if let Some(end) = reversal_end(tokens, at) {
            out.push('|');
            out.push_str(REVERSE);
            at = end;
            continue;
        }
        out.push_str(tokens[at].text);
        let operator = next_solid(tokens, at + 1);
        let operand = operator
            .filter(|&mark| tokens[at].kind == Kind::Text && tokens[mark].is("%"))
            .and_then(|mark| next_solid(tokens, mark + 1));
        at = match operand.and_then(|start| Some((start, operand_end(tokens, start)?))) {
            Some((start, end)) => {
                let inner = rewrite_format(arguments_of(&tokens[start..end]));
                out.push_str("|format(");
                out.push_str(inner.trim().trim_end_matches(','));
                out.push(')');
                end
            }
            None => at + 1,
        };
    }
    out
}

/// Where `[::-1]` ends that starts at `at`; none if it is something else, or if more hangs on it,
/// which could not hang on a filter.
fn reversal_end(tokens: &[Token], at: usize) -> Option<usize> {
    let mut end = at;
    for part in ["[", ":", ":", "-", "1", "]"] {
        let place = if part == "[" { at } else { next_solid(tokens, end)? };
        if !tokens[place].is(part) {
            return None;
        }
        end = place + 1;
    }
    let more = next_solid(tokens, end)
        .is_some_and(|next| tokens[next].is("[") || tokens[next].is(".") || tokens[next].is("("));
    if more { None } else { Some(end) }
}

fn next_solid(tokens: &[Token], from: usize) -> Option<usize> {
    (from..tokens.len()).find(|&at| tokens[at].kind != Kind::Space)
}

/// The end of the unary expression that starts at `start`: one value with all that hangs on it.
fn operand_end(tokens: &[Token], start: usize) -> Option<usize> {
    let start = if tokens[start].is("-") { next_solid(tokens, start + 1)? } else { start };
    let mut end =
        if depth_change(&tokens[start]) > 0 { closing(tokens, start)? + 1 } else { start + 1 };
    while let Some(next) = next_solid(tokens, end) {
        if tokens[next].is(".") || tokens[next].is("|") {
            end = next_solid(tokens, next + 1)? + 1;
        } else if tokens[next].is("[") || tokens[next].is("(") {
            end = closing(tokens, next)? + 1;
        } else {
            break;
        }
    }
    Some(end)
}

/// A tuple gives several arguments; all else is one.
fn arguments_of<'a, 'b>(operand: &'a [Token<'b>]) -> &'a [Token<'b>] {
    let is_tuple = operand[0].is("(") && closing(operand, 0) == Some(operand.len() - 1);
    if is_tuple { &operand[1..operand.len() - 1] } else { operand }
}

fn joined(tokens: &[Token]) -> String {
    tokens.iter().map(|token| token.text).collect()
}

fn spaced(tokens: &[Token]) -> String {
    tokens.iter().map(|token| token.text).collect::<Vec<_>>().join(" ")
}

/// Splits a `-` or `+` off the start or the end of a tag.
fn take_sign<'a, 'b>(tokens: &'a [Token<'b>], at_start: bool) -> (&'b str, &'a [Token<'b>]) {
    let edge = if at_start { tokens.first() } else { tokens.last() };
    match edge {
        Some(token) if token.is("-") || token.is("+") => {
            let rest = if at_start { &tokens[1..] } else { &tokens[..tokens.len() - 1] };
            (token.text, rest)
        }
        _ => ("", tokens),
    }
}

/// The tokens between the tag's first two characters and `closer`, and the tag's whole length.
fn tokens_until<'a>(source: &'a str, closer: &str) -> Option<(Vec<Token<'a>>, usize)> {
    let mut tokens: Vec<Token> = Vec::new();
    let mut at = 2;
    let mut depth = 0;
    while at < source.len() {
        let rest = &source[at..];
        // A brace that is still open belongs to a dict, as in `{{ {'a': {}} }}`.
        if rest.starts_with(closer) && depth <= 0 {
            return Some((tokens, at + 2));
        }
        let token = next_token(rest)?;
        depth += match token.text {
            "{" if token.kind == Kind::Mark => 1,
            "}" if token.kind == Kind::Mark => -1,
            _ => 0,
        };
        at += token.text.len();
        tokens.push(token);
    }
    None
}

fn next_token(rest: &str) -> Option<Token<'_>> {
    let first = rest.chars().next()?;
    let run = |accept: fn(char) -> bool| rest.find(|c| !accept(c)).unwrap_or(rest.len());
    let (kind, length) = if first.is_whitespace() {
        (Kind::Space, run(char::is_whitespace))
    } else if first.is_alphanumeric() || first == '_' {
        (Kind::Word, run(|c| c.is_alphanumeric() || c == '_'))
    } else if first == '"' || first == '\'' {
        (Kind::Text, string_length(rest, first)?)
    } else {
        (Kind::Mark, first.len_utf8())
    };
    Some(Token { kind, text: &rest[..length] })
}

fn string_length(rest: &str, quote: char) -> Option<usize> {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        if escaped {
            escaped = false;
        } else if c == '\\' {
            escaped = true;
        } else if c == quote {
            return Some(at + 1);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_comments_and_raw_blocks_stay() {
        for source in [
            "a { b } {# for x in y #} {c",
            "{% raw %}{% for x in y %}{{ '%s' % x }}{% endraw %}",
            "{{ {'a': {}} }}x",
            "{% if x %}never closed {% for",
        ] {
            assert_eq!(rewrite(source), source);
        }
    }

    #[test]
    fn generation_keeps_its_signs() {
        let source = "{%- generation -%}a{%- endgeneration %}";
        assert_eq!(rewrite(source), "{%- with -%}a{%- endwith %}");
    }

    #[test]
    fn loops_are_checked() {
        assert_eq!(
            rewrite("{%- for a, b in x['in'].items() if a in [1] -%}"),
            "{%- for a, b in (x['in'].items())|hearth_iterate if a in [1] -%}"
        );
        assert_eq!(
            rewrite("{% for c in t recursive %}"),
            "{% for c in (t)|hearth_iterate recursive %}"
        );
    }

    #[test]
    fn formatting_becomes_a_filter() {
        assert_eq!(
            rewrite("{{ 'a%s' % x.y[1]|trim ~ 'b' }}"),
            "{{ 'a%s'|format(x.y[1]|trim) ~ 'b' }}"
        );
        assert_eq!(rewrite("{{ '%s%s' % (a, b,) }}"), "{{ '%s%s'|format(a, b) }}");
        assert_eq!(rewrite("{% if 7 % 2 %}"), "{% if 7 % 2 %}");
    }

    #[test]
    fn reversals_become_a_filter() {
        assert_eq!(
            rewrite("{{ a.b[::-1] ~ c[ : :-1 ] }}"),
            "{{ a.b|hearth_reverse ~ c|hearth_reverse }}"
        );
        assert_eq!(rewrite("{{ a[::-1][0] }}{{ a[1:] }}"), "{{ a[::-1][0] }}{{ a[1:] }}");
    }

    #[test]
    fn changes_of_lists_become_assignments() {
        assert_eq!(
            rewrite("{%- set _ = ns.ids.append(f(1)) -%}"),
            "{%- set ns.ids = ns.ids + [f ( 1 )] -%}"
        );
        assert_eq!(
            rewrite("{%- set v = q.pop(0) -%}"),
            "{%- set v = q[0] -%}{%- set q = q[1:] -%}"
        );
        assert_eq!(rewrite("{% set v = q.pop(i) %}"), "{% set v = q.pop(i) %}");
    }
}
