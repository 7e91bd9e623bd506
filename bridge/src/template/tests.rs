use super::*;

const LIMITS: Limits =
    Limits { fuel: 200_000, recursion: 200, output_bytes: 10_000, wall_ms: 10_000 };

fn run(source: &str, context: &str) -> Result<String, Failure> {
    let template = compile(source, LIMITS)?;
    Ok(String::from_utf8(render(&template, context, 1_709_210_645)?).unwrap())
}

fn shown(source: &str) -> String {
    run(source, r#"{"x": [1, 2.0, null, true, "a'b"], "none": null, "s": " a b\n"}"#).unwrap()
}

// Every expected text was taken from Jinja2 3.1.6 set up as transformers sets it up.
#[test]
fn values_are_printed_as_python_prints_them() {
    assert_eq!(shown("{{ x }}{{ none }}{{ nothing }}"), "[1, 2.0, None, True, \"a'b\"]None");
    assert_eq!(shown("{{ 1e-7 }} {{ 2.0|string }} {{ x[1] ~ '' }}"), "1e-07 2.0 2.0");
}

#[test]
fn tojson_is_json_dumps() {
    assert_eq!(shown("{{ x|tojson }}"), "[1, 2.0, null, true, \"a'b\"]");
    assert_eq!(
        shown(concat!(
            "{% set v = {'b': [], 'a': {'k': '<é😀>'}} %}",
            "{{ v|tojson(indent=1, ensure_ascii=true, sort_keys=true) }}"
        )),
        "{\n \"a\": {\n  \"k\": \"<\\u00e9\\ud83d\\ude00>\"\n },\n \"b\": []\n}"
    );
    assert_eq!(shown("{{ {'a': [1, 2]}|tojson(separators=(',', ':')) }}"), "{\"a\":[1,2]}");
}

#[test]
fn methods_are_pythons() {
    assert_eq!(shown("{{ s.split() }}{{ 'a,b,c'.split(',', 1) }}"), "['a', 'b']['a', 'b,c']");
    assert_eq!(shown("{{ ' a  b '.split(None, 1) }}{{ 'xxaxx'.strip('x') }}"), "['a', 'b ']a");
    assert_eq!(
        shown("{{ 'a-b-c'.rsplit('-', 1) }}{{ 'a=b'.partition('=') }}"),
        "['a-b', 'c']('a', '=', 'b')"
    );
    assert_eq!(
        shown("{{ {'a': 1}.items()|length }}{{ {'items': 1}.items()|list }}"),
        "1[('items', 1)]"
    );
}

#[test]
fn filters_and_tests_are_jinjas() {
    assert_eq!(shown("{{ none|trim }}{{ nothing|length }}{{ none|upper }}"), "None0NONE");
    assert_eq!(
        shown("{{ none is iterable }}{{ 'a' is sequence }}{{ {} is sequence }}"),
        "FalseTrueTrue"
    );
}

#[test]
fn texts_are_read_letter_by_letter() {
    assert_eq!(shown("{{ ''[::-1] }}{{ 'abc'[::-1] }}{{ x[:2][::-1] }}"), "cba[2.0, 1]");
    assert_eq!(
        shown("{% for c in 'ab' %}{{ c }}{% if not loop.last %},{% endif %}{% endfor %}"),
        "a,b"
    );
    assert_eq!(shown("{{ 'get_weather {\"a\": 1}'.title() }}"), "Get_Weather {\"A\": 1}");
}

#[test]
fn generation_blocks_have_a_scope() {
    assert_eq!(
        shown("{% set a = 1 %}{% generation %}{% set a = 2 %}{{ a }}{% endgeneration %}{{ a }}"),
        "21"
    );
}

#[test]
fn lists_change_where_a_template_appends() {
    assert_eq!(
        shown(concat!(
            "{% set n = namespace(l=[]) %}{% for i in x[:2] %}{% set _ = n.l.append(i) %}",
            "{% endfor %}{% set v = n.l.pop(0) %}{{ v }}{{ n.l }}"
        )),
        "1[2.0]"
    );
}

#[test]
fn time_can_be_set() {
    assert_eq!(shown("{{ strftime_now('%d %B %Y') }}"), "29 February 2024");
}

#[test]
fn a_raised_exception_is_told_from_a_failure() {
    let raised = run(
        "{% macro m() %}{{ raise_exception('roles must alternate') }}{% endmacro %}{{ m() }}",
        "{}",
    );
    let raised = raised.unwrap_err();
    assert_eq!((raised.status, raised.message.as_str()), (REFUSED, "roles must alternate"));
    let failed = run("a\n{{ nothing.b }}", "{}").unwrap_err();
    assert_eq!(failed.status, FAILED);
    assert!(failed.message.contains("line 2"), "{}", failed.message);
}

#[test]
fn looping_over_none_fails() {
    let failed = run("{% for a in none %}{% endfor %}", "{}").unwrap_err();
    assert!(failed.message.contains("'NoneType' object is not iterable"), "{}", failed.message);
}

#[test]
fn hostile_templates_end_in_an_error() {
    let endless = "{% for a in range(9999) %}{% for b in range(9999) %}{% endfor %}{% endfor %}";
    assert!(run(endless, "{}").is_err());
    assert!(run("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", "{}").is_err());
    let loud = "{% for a in range(9999) %}0123456789{% endfor %}";
    assert!(run(loud, "{}").unwrap_err().message.contains("longer than"));
    assert!(run("{% include '/etc/passwd' %}", "{}").is_err());
    assert!(run("{{ 'a'.ljust(999999999) }}", "{}").is_err());
}

#[test]
fn broken_templates_do_not_compile() {
    assert!(run("{% if %}", "{}").is_err());
    assert!(run("{{ a", "{}").is_err());
}
