"""What a keeper typed is what the program sees: where YAML could be read in two ways, it is refused."""

import datetime as dt
import json

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from provider_advisor.errors import KnowledgeError
from provider_advisor.knowledge.strict_yaml import MAX_DEPTH, parse_yaml


def read(content):
    return parse_yaml(content if isinstance(content, bytes) else content.encode(), "shop.yaml").data


def problem_of(content):
    with pytest.raises(KnowledgeError) as caught:
        read(content)
    assert len(caught.value.problems) == 1, "a file that cannot be read has one problem"
    return caught.value.problems[0]


AMBIGUOUS = [
    *("yes", "no", "on", "off", "y", "n", "Yes", "NO", "On", "OFF", "Y", "N"),
    *("010", "00", "-07", "0o10", "0x1f", "0X1F", "0b11", "1_000", "1_000.5", "1,000", "1,000.50", ".5", "5."),
    *("12:30", "1:2", "190:20:30", ".inf", "-.inf", "+.INF", ".nan", ".NaN"),
]


@pytest.mark.parametrize("text", AMBIGUOUS)
def test_a_value_that_can_be_read_in_two_ways_is_refused_with_its_line(text):
    assert problem_of(f"first: 1\nopen: {text}\n") == (
        f"shop.yaml:2: {text!r} is ambiguous; write true or false, a plain number such as 0.5, or put it in quotes."
    )


@pytest.mark.parametrize("text", AMBIGUOUS)
def test_as_a_key_it_is_refused_too(text):
    assert problem_of(f"{text}: 1\n").startswith(f"shop.yaml:1: {text!r} is ambiguous;")


@pytest.mark.parametrize("text", AMBIGUOUS)
@pytest.mark.parametrize("quoted", ["'{}'", '"{}"', "|-\n  {}", ">-\n  {}"])
def test_in_quotes_it_is_text(text, quoted):
    assert read("open: " + quoted.format(text)) == {"open": text}


@pytest.mark.parametrize("text", ["True", "TRUE", "False", "FALSE", "Null", "NULL"])
def test_a_capital_letter_does_not_turn_a_boolean_into_a_word(text):
    problem_of(f"open: {text}\n")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("true", True),
        ("false", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("0", 0),
        ("46", 46),
        ("-46", -46),
        ("+46", 46),
        ("999999999999999", 999_999_999_999_999),
        ("0.008", 0.008),
        ("-0.5", -0.5),
        ("1.0e-5", 0.00001),
        ("1e308", 1e308),
        ("2022-11-22", dt.date(2022, 11, 22)),
        ("bell", "bell"),
        ("2022", 2022),
        ("no bell", "no bell"),
        ("1.2.3", "1.2.3"),
        ("5 bikes", "5 bikes"),
        ("12:30 o'clock", "12:30 o'clock"),
    ],
)
def test_what_can_be_read_in_one_way_is_read_so(text, value):
    found = read(f"a: {text}\n")["a"]
    assert (type(found), found) == (type(value), value)


@pytest.mark.parametrize("text", ["1234567890123456", "1e999", "-1.5e999"])
def test_a_number_that_a_float_cannot_hold_is_refused(text):
    assert problem_of(f"- 1\n- {text}\n").startswith("shop.yaml:2: ")


@pytest.mark.parametrize("text", ["2022-02-30", "2023-02-29", "2022-13-01", "0000-01-01"])
def test_a_date_that_is_in_no_calendar_is_refused(text):
    assert problem_of(f"as_of: {text}\n") == (f"shop.yaml:1: {text} is not a date; expected YYYY-MM-DD.")


ANCHOR = "anchors and aliases (& and *) are not allowed; write the value out, or quote the text."
CHECK = "check quotes, colons and indentation on this line and the one before."


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("a: 1\nb: 2\na: 3\n", "3: the key 'a' appears twice in one mapping; keep one."),
        ("list:\n- {a: 1,\n   a: 2}\n", "3: the key 'a' appears twice in one mapping; keep one."),
        ("a: 1\n'a': 1\n", "2: the key 'a' appears twice in one mapping; keep one."),
        ("a: &shop 1\n", f"1: {ANCHOR}"),
        ("a: 1\nb: *shop\n", f"2: {ANCHOR}"),
        ("base: &base {a: 1}\nmore: {<<: *base}\n", f"1: {ANCHOR}"),
        ("&key a: 1\n", f"1: {ANCHOR}"),
        ("a: 1\nb: !!int '5'\n", "2: the tag 'tag:yaml.org,2002:int' is not allowed; write the plain value."),
        ("a: !price 5\n", "1: the tag '!price' is not allowed; write the plain value."),
        ("a: ! 5\n", "1: the tag '!' is not allowed; write the plain value."),
        (
            "a: !!python/object/apply:os.system [ls]\n",
            "1: the tag 'tag:yaml.org,2002:python/object/apply:os.system' is not allowed; write the plain value.",
        ),
        ("a: 1\n---\nb: 2\n", "2: a second document starts here; expected one per file, so remove the '---'."),
        ("---\na: 1\n---\n", "3: a second document starts here; expected one per file, so remove the '---'."),
        ("a:\n\t- b\n", "2: this line is indented with a tab; use spaces."),
        ("a:\r\t- b\r", "2: this line is indented with a tab; use spaces."),
        ("a: b\rc: [1\rd", f"4: invalid YAML (did not find expected ',' or ']'); {CHECK}"),
        ("a: b\rc: d: e", f"2: invalid YAML (mapping values are not allowed in this context); {CHECK}"),
        ("a:\n  b: 1\n \tc: 1\n", "3: this line is indented with a tab; use spaces."),
        ("a: b\n c: d\n", f"2: invalid YAML (mapping values are not allowed in this context); {CHECK}"),
        ("a: b: c\n", f"1: invalid YAML (mapping values are not allowed in this context); {CHECK}"),
        ("a: 1\nb: @home\n", f"2: invalid YAML (found character that cannot start any token); {CHECK}"),
        ("a: {}\nb: [1, 2}\n", f"2: invalid YAML (did not find expected ',' or ']'); {CHECK}"),
        ("a: 1\n5: 1\n", "2: the key 5 is not a word; put it in quotes."),
        ("? [a]\n: 1\n", "1: the key ['a'] is not a word; put it in quotes."),
        ("null: 1\n", "1: the key null is not a word; put it in quotes."),
        ("true: 1\n", "1: the key true is not a word; put it in quotes."),
        ("", "1: the file is empty; expected YAML."),
        ("# nothing but a comment\n", "1: the file is empty; expected YAML."),
        ("---\n", "1: the file is empty; expected YAML."),
        ("null\n", "1: the file is empty; expected YAML."),
        (b"a: 1\nb: 2\nc: caf\xe9\n", "3: the file is not UTF-8; save it as UTF-8."),
        (b"a: 1\r\nb: \xff\r\n", "2: the file is not UTF-8; save it as UTF-8."),
        ("a: 1\n".encode("utf-16"), "1: the file is not UTF-8; save it as UTF-8."),
        ("[" * (MAX_DEPTH + 2), f"1: nested more than {MAX_DEPTH} levels deep; flatten it."),
    ],
)
def test_every_betrayal_is_refused_with_one_sentence_at_its_line(content, sentence):
    assert problem_of(content) == f"shop.yaml:{sentence}"


@pytest.mark.parametrize("character", [b"\x01", b"\x00", b"\x7f", "\ufffe".encode()])
def test_a_control_character_is_refused_at_its_line(character):
    said = f"the character {character.decode()!a} is not allowed; save the file as UTF-8 without it."
    assert problem_of(b"a: 1\nb: x" + character + b"\n") == f"shop.yaml:2: {said}"


def test_a_byte_order_mark_is_refused_inside_a_file():
    """Two files put together hold one, and a key that begins with it looks like another."""
    assert problem_of("\ufeffa: 1\n\ufeffb: 1\n") == (
        "shop.yaml:2: the character '\\ufeff' is not allowed; save the file as UTF-8 without it."
    )


def test_a_file_in_utf_16_without_a_mark_is_refused():
    assert problem_of("a: 1\n".encode("utf-16-le")) == (
        "shop.yaml:1: the character '\\x00' is not allowed; save the file as UTF-8 without it."
    )


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("a: {exactly: 1,000, unit: x}", "1: write 1,000 without the comma, as 1000; a comma ends a value."),
        ("a: 1\nb: {exactly: 12,500}", "2: write 12,500 without the comma, as 12500; a comma ends a value."),
        ("a: {exactly: 1,000.50}", "1: write 1,000.50 without the comma, as 1000.50; a comma ends a value."),
        ("a: {b: 1, 500: 2}", "1: the key 500 is not a word; put it in quotes."),
        ("a: 1\nb: {<<: {c: 1}}", "2: merge keys (<<) are not allowed; write each key and its value out."),
        ("<<: {a: 1}\nb: 2\n", "1: merge keys (<<) are not allowed; write each key and its value out."),
        ("b: 2\n<<: *base\n", "2: merge keys (<<) are not allowed; write each key and its value out."),
    ],
)
def test_what_other_programs_read_in_another_way_gets_its_own_sentence(content, sentence):
    assert problem_of(content) == f"shop.yaml:{sentence}"


@pytest.mark.parametrize("character", ["\x85", "\u2028", "\u2029"])
def test_a_line_end_that_only_some_readers_know_is_refused(character):
    assert problem_of(f"a: 1\nb: x{character}y\n") == (
        f"shop.yaml:2: some programs end a line at the character {character!a}, others do not; remove it."
    )


def test_an_open_quote_is_reported_where_it_was_opened():
    assert problem_of("a: 1\nb: 'open\nc: 1\nd: 1\n").startswith("shop.yaml:2: invalid YAML (")


@pytest.mark.parametrize("name", ["team.json", "TEAM.JSON"])
def test_a_broken_json_file_is_called_json(name):
    sentence = "check quotes, colons and commas on this line and the one before."
    with pytest.raises(KnowledgeError) as caught:
        parse_yaml(b'{"needs": ["sms"]\n"wants": ["fax"]}\n', name)
    assert caught.value.problems == (f"{name}:2: invalid JSON (did not find expected ',' or '}}'); {sentence}",)


@pytest.mark.parametrize("content", ["a: !!strange 5\n", "a: !!str {b: 1}\n", "a: !!str [1]\n", "a: !!str 5\n"])
def test_no_tag_is_allowed_not_even_that_of_text(content):
    problem_of(content)


def test_a_bomb_of_aliases_is_refused_before_it_goes_off():
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 30)]
    assert problem_of("\n".join(lines)) == f"shop.yaml:1: {ANCHOR}"


def test_in_quotes_a_merge_key_is_a_word_that_merges_nothing():
    assert read("'<<': {a: 1}\nb: 2\n") == {"<<": {"a": 1}, "b": 2}


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ("{a: ", "}")])
def test_nesting_is_read_up_to_its_limit_and_refused_beyond(opening, closing):
    read(opening * MAX_DEPTH + "1" + closing * MAX_DEPTH)
    problem = problem_of(opening * (MAX_DEPTH + 1) + "1" + closing * (MAX_DEPTH + 1))
    assert problem == f"shop.yaml:1: nested more than {MAX_DEPTH} levels deep; flatten it."


def test_a_hundred_thousand_levels_do_not_exhaust_the_stack():
    assert "nested more than" in problem_of("[" * 100_000)


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbfa: 1\nb: caf\xc3\xa9\n",
        b"a: 1\r\nb: caf\xc3\xa9\r\n",
        b"---\na: 1\nb: caf\xc3\xa9\n...\n",
        b"{a: 1, b: caf\xc3\xa9}",
        b"%YAML 1.1\n---\na: 1\nb: caf\xc3\xa9",
        b"# comment\n\na:   1 # comment\nb: caf\xc3\xa9",
    ],
)
def test_the_same_data_in_other_dress_is_the_same(content):
    assert read(content) == {"a": 1, "b": "café"}


PLACES = """\
# a comment

id: velo
claims:
- criterion: repairs

  line: 3
- {criterion: rental,
   line: 4}
-
  criterion: stock
note: |
  two
  lines
last: 1
"""


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
@pytest.mark.parametrize(
    ("path", "line"),
    [
        ((), 3),
        (("id",), 3),
        (("claims",), 4),
        (("claims", 0), 5),
        (("claims", 0, "criterion"), 5),
        (("claims", 0, "line"), 7),
        (("claims", 1), 8),
        (("claims", 1, "line"), 9),
        (("claims", 2), 11),
        (("note",), 12),
        (("last",), 15),
        (("claims", 0, "missing"), 5),
        (("claims", 7, "line"), 4),
        (("missing", 0, "line"), 3),
    ],
)
def test_every_value_knows_its_line_and_a_missing_one_that_of_what_lacks_it(path, line, line_end):
    document = parse_yaml(PLACES.replace("\n", line_end).encode(), "shop.yaml")
    assert document.where(*path) == f"shop.yaml:{line}"


TRICKY = [
    *AMBIGUOUS,
    "True",
    "Null",
    "~",
    "",
    " ",
    "=",
    "<<",
    "1.0e5",
    "1e400",
    "0.1",
    "2022-11-22",
    "2022-11-22 10:00:00",
]
texts = st.text() | st.sampled_from(TRICKY) | st.text(alphabet="0123456789+-._:eExob")
plain_leaves = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.dates() | texts
plain_data = st.deferred(
    lambda: plain_leaves | st.lists(plain_data, max_size=4) | st.dictionaries(texts, plain_data, max_size=4)
)


def is_read_in_two_ways(value):
    """PyYAML writes the text 1e5 without quotes, for it knows no number without a point; YAML 1.2 does."""
    if isinstance(value, dict):
        return any(map(is_read_in_two_ways, (*value, *value.values())))
    if isinstance(value, list):
        return any(map(is_read_in_two_ways, value))
    return isinstance(value, str) and "e" in value.casefold() and value.strip("+-eE.0123456789") == ""


@given(plain_data, st.booleans(), st.sampled_from([None, True, False]))
@example(data="no", allow_unicode=False, flow=None)
@example(data={"no": ["010", {"a": "12:30"}]}, allow_unicode=True, flow=False)
def test_whatever_pyyaml_writes_is_read_back_equal_or_refused(data, allow_unicode, flow):
    if is_read_in_two_ways(data):
        return
    text = yaml.safe_dump({"data": data}, allow_unicode=allow_unicode, default_flow_style=flow, sort_keys=False)
    try:
        found = read(text)
    except KnowledgeError:
        return
    assert repr(found) == repr({"data": data})


@given(plain_data)
def test_whatever_json_says_is_read_alike_or_refused(data):
    text = json.dumps({"data": data}, default=str, allow_nan=False) if is_finite(data) else None
    if text is None:
        return
    try:
        found = read(text)
    except KnowledgeError:
        return
    assert found == json.loads(text)


def is_finite(value):
    try:
        json.dumps(value, default=str, allow_nan=False)
    except ValueError:
        return False
    return True


def plain_readings(text):
    """What JSON and the calendar read in a word, besides the word itself."""
    for reader in (lambda: json.loads(text.removeprefix("+")), lambda: dt.date.fromisoformat(text)):
        try:
            yield reader()
        except ValueError:
            continue


@given(st.text(alphabet="0123456789+-._:eExobnatrufls~", min_size=1) | st.sampled_from(["true", "false", "null"]))
@example("0.50")
@example("+1")
@example("2022-11-22")
def test_a_plain_word_is_itself_or_what_json_and_the_calendar_read_there(text):
    try:
        found = read(f"a: {text}")["a"]
    except KnowledgeError:
        return
    assert found == text or found in list(plain_readings(text)) or (text == "~" and found is None)
