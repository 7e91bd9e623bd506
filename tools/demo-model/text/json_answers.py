"""JSON, tables and code on request."""

import json

from text.copying import any_word
from text.dialogue import Turn
from text.facts import ANIMALS, CAPITALS, COLOURS

_SNIPPETS = {
    "says hello": {
        "Python": 'print("Hello, world!")',
        "JavaScript": 'console.log("Hello, world!");',
        "C": '#include <stdio.h>\n\nint main(void) {\n    printf("Hello, world!\\n");\n'
        "    return 0;\n}",
        "C++": '#include <iostream>\n\nint main() {\n    std::cout << "Hello, world!\\n";\n}',
        "Bash": 'echo "Hello, world!"',
        "HTML": "<h1>Hello, world!</h1>",
        "Rust": 'fn main() {\n    println!("Hello, world!");\n}',
    },
    "adds two numbers": {
        "Python": "def add(a, b):\n    return a + b",
        "JavaScript": "function add(a, b) {\n    return a + b;\n}",
        "C": "int add(int a, int b) {\n    return a + b;\n}",
        "C++": "int add(int a, int b) {\n    return a + b;\n}",
        "Rust": "fn add(a: i32, b: i32) -> i32 {\n    a + b\n}",
    },
    "counts to ten": {
        "Python": "for i in range(1, 11):\n    print(i)",
        "JavaScript": "for (let i = 1; i <= 10; i++) {\n    console.log(i);\n}",
        "Bash": "for i in $(seq 1 10); do\n    echo $i\ndone",
        "Rust": 'fn main() {\n    for i in 1..=10 {\n        println!("{i}");\n    }\n}',
    },
}
_ASK_CODE = {
    "says hello": [
        "Write hello world in {}.",
        "Hello world in {}?",
        "Show me hello world in {}.",
        "Write a {} program that says hello.",
        "A {} program that prints hello world, please.",
    ],
    "adds two numbers": [
        "Write a {} function that adds two numbers.",
        "How do I add two numbers in {}?",
        "Show me a {} function to add two numbers.",
        "Add two numbers in {}.",
    ],
    "counts to ten": [
        "Write a {} program that counts to ten.",
        "How do I count to ten in {}?",
        "Show me a {} loop.",
        "Write a loop in {}.",
    ],
}


def _code(s) -> Turn:
    task = s.pick(list(_SNIPPETS))
    language, code = s.pick(list(_SNIPPETS[task].items()))
    asked = language.lower() if s.chance(0.3) else language
    ask = s.pick(_ASK_CODE[task]).format(asked)
    tag = {"C++": "cpp"}.get(language, language.lower())
    return Turn(ask, f"```{tag}\n{code}\n```", f"A small program in {language}.")


def person(s) -> Turn:
    """A JSON object with the fields that the question names."""
    fields = {
        "name": s.name(),
        "age": s.number(1, 99),
        "city": s.city(),
        "job": s.pick(["baker", "teacher", "pilot", "cook"]),
        "color": s.pick(["red", "blue", "green"]),
        "title": any_word(s),
        "count": s.number(1, 50),
        "active": s.chance(0.5),
    }
    chosen = s.some(list(fields), s.number(1, 3))
    known = {key: fields[key] for key in chosen}
    said = ", ".join(
        f"{key} {str(value).lower() if isinstance(value, bool) else value}"
        for key, value in known.items()
    )
    if len(known) > 1:
        head, _, tail = said.rpartition(", ")
        said = f"{head} and {tail}"
    ask = s.pick(
        [
            "Write JSON with {}.",
            "Give me a JSON object with {}.",
            "Make JSON: {}",
            "As JSON: {}",
            "JSON with {}, please.",
            "Return JSON with {}.",
            "Answer in JSON only: {}",
        ]
    ).format(said)
    return Turn(ask, json.dumps(known), f"The keys are {', '.join(known)}.")


def _json_list(s) -> Turn:
    words = [any_word(s) for _ in range(s.number(2, 4))]
    ask = s.pick(
        ["Write a JSON list of {}.", "As a JSON array: {}", "Make a JSON array of {}."]
    ).format(", ".join(words))
    return Turn(ask, json.dumps(words), "A JSON array.")


def _table(s) -> Turn:
    which = s.number(0, 2)
    if which == 0:
        rows = s.some(list(ANIMALS), 3)
        text = "| Animal | Sound |\n|---|---|\n" + "\n".join(
            f"| {a} | {ANIMALS[a][0]} |" for a in rows
        )
        return Turn(
            f"Make a table of the animals {rows[0]}, {rows[1]} and {rows[2]} and their sounds.",
            text,
            "Two columns: animal and sound.",
        )
    if which == 1:
        rows = s.some(list(CAPITALS), 3)
        text = "| Country | Capital |\n|---|---|\n" + "\n".join(
            f"| {c} | {CAPITALS[c]} |" for c in rows
        )
        return Turn(
            f"Make a table with the capitals of {rows[0]}, {rows[1]} and {rows[2]}.",
            text,
            "Two columns: country and capital.",
        )
    rows = [t for t in s.some(list(COLOURS), 3)]
    text = "| Thing | Colour |\n|---|---|\n" + "\n".join(f"| {t} | {COLOURS[t]} |" for t in rows)
    return Turn(
        f"Make a table with the colours of {rows[0]}, {rows[1]} and {rows[2]}.",
        text,
        "Two columns: thing and colour.",
    )


def sample(s) -> list[Turn]:
    return [s.pick([person, person, person, _json_list, _code, _code, _table])(s)]
