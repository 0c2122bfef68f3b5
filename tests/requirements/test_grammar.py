"""One requirement, as it is typed or as a mapping."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provider_advisor.errors import RequirementsError
from provider_advisor.logic import Interval
from provider_advisor.requirements import Requirement, bound_words, read_requirement, split_list
from provider_advisor.written_values import explain_two_readings

STOCK, ADVICE, RENTAL = "bikes-in-stock", "advice", "rental-price"

_NOTHING = "nothing is recorded about '{}'. See `recommend criteria` for what you can ask for."
_LIST_IT = (
    "To list it without judging it, put it into `unlisted` (option --unlisted, "
    "or --unlisted-unknown for all such words)."
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("repairs", ("repairs", "must", None)),
        (" repairs ", ("repairs", "must", None)),
        ("Repairs", ("repairs", "must", None)),
        ("test_rides", ("test-rides", "must", None)),
        ("Test Rides", ("test-rides", "must", None)),
        ("mending", ("repairs", "must", None)),
        ("workshop:could", ("repairs", "could", None)),
        ("repairs:must", ("repairs", "must", None)),
        ("repairs:should", ("repairs", "should", None)),
        ("repairs : could", ("repairs", "could", None)),
        ("repairs:wont", ("repairs", "wont", None)),
        ("repairs=yes", ("repairs", "must", None)),
        ("Repairs = YES:could", ("repairs", "could", None)),
        ("child-seats", ("child-seats", "must", None)),
        ("stock", (STOCK, "must", None)),
        ("bikes-in-stock>=90", (STOCK, "must", Interval(90))),
        ("bikes-in-stock >= 90 : could", (STOCK, "could", Interval(90))),
        ("stock<=90", (STOCK, "must", Interval(None, 90))),
        ("stock≥90", (STOCK, "must", Interval(90))),
        ("stock≤90", (STOCK, "must", Interval(None, 90))),
        ("stock>=0", (STOCK, "must", Interval(0))),
        ("stock>=1e3", (STOCK, "must", Interval(1000))),
        ("stock>=1000000000000", (STOCK, "must", Interval(1_000_000_000_000))),
        ("stock>=90 bikes", (STOCK, "must", Interval(90))),
        ("stock>=1bike", (STOCK, "must", Interval(1))),
        ("rental-price<=0.00001", (RENTAL, "must", Interval(None, 0.00001))),
        ("rental-price<=20 EUR", (RENTAL, "must", Interval(None, 20))),
        ("rental-price<=20 eur/day:should", (RENTAL, "should", Interval(None, 20))),
        ("rental-price", (RENTAL, "must", None)),
        ("advice>=good", (ADVICE, "must", Interval(2))),
        ("advice<=fair", (ADVICE, "must", Interval(None, 1))),
        ("advice=good", (ADVICE, "must", Interval(2, 2))),
        ("advice>=poor:could", (ADVICE, "could", Interval(0))),
        ("monthly-cost<=500", ("monthly-cost", "must", Interval(None, 500))),
    ],
)
def test_what_is_typed_is_read(bicycles, text, expected):
    assert read_requirement(text, "must", bicycles) == Requirement(*expected)


@pytest.mark.parametrize("default", ["must", "should", "could"])
def test_what_names_no_priority_has_the_given_one(bicycles, default):
    assert read_requirement("repairs", default, bicycles).priority == default
    assert read_requirement({"criterion": "repairs"}, default, bicycles).priority == default


FORM = "expected a criterion, criterion>=number or criterion<=number, optionally followed by :priority."
CAPABILITY = (
    "'repairs' is a capability, which a provider has or lacks; it takes no bound, so write only 'repairs', "
    "or 'repairs=no' if it must be absent."
)
KEYS = ("criterion", "member", "is", "at_least", "at_most", "exactly", "any", "priority", "weight")
WORDS = "expected one of poor, fair, good, excellent."


def lacks(found, sign=">="):
    return (
        f"the bound of '{STOCK}' has no number: found '{found}', expected a number in bikes, such as {STOCK}{sign}10."
    )


def ranges(said, low, high, name=STOCK):
    ends = f"{name}>={low},{name}<={high}"
    return f"the bound of '{name}' is '{said}'; write the ends of a range as two requirements: {ends}."


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", f"'' cannot be read; {FORM}"),
        (":must", f"':must' cannot be read; {FORM}"),
        (">=5", f"'>=5' cannot be read; {FORM}"),
        ("stock!=90", f"'stock!=90' cannot be read; {FORM}"),
        ("repair", f"unknown criterion 'repair'. Did you mean 'repairs'? {_LIST_IT}"),
        (
            "\u200brepairs",
            r"unknown criterion '\u200brepairs'. Did you mean 'repairs'? " + _LIST_IT,
        ),
        ("stok", f"unknown criterion 'stok'. Did you mean 'stock'? {_LIST_IT}"),
        ("xylophone", f"{_NOTHING.format('xylophone')} {_LIST_IT}"),
        (
            "repairs:Must",
            "unknown priority 'Must' in 'repairs:Must'; expected must, should, could or wont. Did you mean 'must'?",
        ),
        ("repairs:shall", "unknown priority 'shall' in 'repairs:shall'; expected must, should, could or wont."),
        ("repairs:", "unknown priority '' in 'repairs:'; expected must, should, could or wont."),
        ("repairs>=1", CAPABILITY),
        ("repairs>>1", CAPABILITY),
        ("mending<=1", CAPABILITY),
        (
            "repairs:no",
            (
                "unknown priority 'no' in 'repairs:no'; expected must, should, could or wont. "
                "If it must be absent, write 'repairs=no'."
            ),
        ),
        ("stock=90", f"'{STOCK}' is a quantity; expected >= or <= before its number, such as {STOCK}>=90."),
        ("stock=50-90", ranges("50-90", 50, 90)),
        ("stock>=50\u201390 bikes", ranges("50\u201390 bikes", 50, 90)),
        ("stock=between 50 and 90", ranges("between 50 and 90", 50, 90)),
        ("stock=50..90", ranges("50..90", 50, 90)),
        ("stock=1,000 to 2,000", ranges("1,000 to 2,000", 1000, 2000)),
        ("rental-price<=9.125-9.5 EUR", ranges("9.125-9.5 EUR", 9.125, 9.5, RENTAL)),
        ("rental-price=9", f"'{RENTAL}' is a price; expected >= or <= before its number, such as {RENTAL}>=9."),
        ("stock=", f"'{STOCK}' is a quantity; expected >= or <= before its number, such as {STOCK}>=1."),
        ("stock>=", lacks("")),
        ("stock<=", lacks("", "<=")),
        ("stock>=many", lacks("many")),
        ("stock>=nan", lacks("nan")),
        ("stock>=NaN", lacks("NaN")),
        ("stock>=inf", lacks("inf")),
        ("stock>=-inf", lacks("-inf")),
        ("stock>=1e400", lacks("1e400")),
        ("stock>=1e308", f"the bound of '{STOCK}' is 1e308; expected 0 to 1000000000000 bikes."),
        ("stock>=-5", f"the bound of '{STOCK}' is -5; expected 0 to 1000000000000 bikes."),
        ("stock>=90 people", f"the unit 'people' does not fit '{STOCK}'; expected bikes, or no unit."),
        ("rental-price<=20 USD", f"the unit 'USD' does not fit '{RENTAL}'; expected EUR/day, or no unit."),
        ("rental-price<=$20", f"the unit 'USD' does not fit '{RENTAL}'; expected EUR/day, or no unit."),
        ("advice>=superb", f"'superb' is not a value of 'advice'; {WORDS}"),
        ("advice>=", f"'' is not a value of 'advice'; {WORDS}"),
        ("advice>=3", f"'3' is not a value of 'advice'; {WORDS}"),
        ("x" * 300, f"{_NOTHING.format('x' * 200 + '…')} {_LIST_IT}"),
    ],
)
def test_what_cannot_be_read_is_refused_in_one_sentence(bicycles, text, sentence):
    with pytest.raises(RequirementsError) as caught:
        read_requirement(text, "must", bicycles)
    assert str(caught.value) == sentence


@pytest.mark.parametrize(
    ("text", "suggestion"),
    [
        ("stock==90", f"{STOCK}>=90"),
        ("stock=>90", f"{STOCK}>=90"),
        ("stock=<90", f"{STOCK}<=90"),
        ("stock<90", f"{STOCK}<=90"),
        ("stock>90", f"{STOCK}>=90"),
        ("stock>==90", f"{STOCK}>=90"),
        ("stock=many", f"{STOCK}>=1"),
        ("stock=-5", f"{STOCK}>=1"),
        ("stock=90 people", f"{STOCK}>=90"),
        ("advice==good", "advice>=good"),
        ("advice=>superb", "advice>=excellent"),
    ],
)
def test_what_is_suggested_for_a_wrong_sign_can_be_read(bicycles, text, suggestion):
    with pytest.raises(RequirementsError, match=r"expected >=.* before its (number|value), such as ") as caught:
        read_requirement(text, "must", bicycles)
    assert str(caught.value).endswith(f" such as {suggestion}.")
    assert read_requirement(suggestion, "must", bicycles).bound is not None


@pytest.mark.parametrize("text", ["rental-price<=€20", "rental-price<=20€/day", "rental-price<=20 EUR per day"])
def test_a_sign_or_the_word_per_stands_for_a_unit(bicycles, text):
    assert read_requirement(text, "must", bicycles).bound == Interval(high=20)


@pytest.mark.parametrize("text", ["rental-price<=$20 EUR", "rental-price<=$20EUR/day", "rental-price<=20 EUR $"])
def test_a_dollar_is_no_euro(bicycles, text):
    with pytest.raises(RequirementsError, match=r"the unit '.*\$.*' does not fit 'rental-price'"):
        read_requirement(text, "must", bicycles)


@pytest.mark.parametrize(
    ("given_mapping", "expected"),
    [
        ({"criterion": "mending"}, ("repairs", "must", None, None)),
        ({"criterion": "repairs", "priority": "could", "weight": 0.5}, ("repairs", "could", None, 0.5)),
        ({"criterion": "stock", "at_least": 90}, (STOCK, "must", Interval(90), None)),
        ({"criterion": "stock", "at_least": 90, "at_most": 90}, (STOCK, "must", Interval(90, 90), None)),
        ({"criterion": "stock", "at_least": "90 bikes"}, (STOCK, "must", Interval(90), None)),
        ({"criterion": RENTAL, "at_most": 0.00001}, (RENTAL, "must", Interval(None, 0.00001), None)),
        ({"criterion": "advice", "exactly": "good"}, (ADVICE, "must", Interval(2, 2), None)),
        ({"criterion": "advice", "at_least": "fair", "at_most": "good"}, (ADVICE, "must", Interval(1, 2), None)),
        ({"criterion": "repairs", "priority": None, "at_least": None}, ("repairs", "must", None, None)),
    ],
)
def test_a_mapping_says_the_same_with_keys(bicycles, given_mapping, expected):
    assert read_requirement(given_mapping, "must", bicycles) == Requirement(*expected)


@pytest.mark.parametrize(
    ("given_value", "sentence"),
    [
        (5, "'5' is not a requirement; expected a criterion, or a mapping with the key 'criterion'."),
        (None, "'None' is not a requirement; expected a criterion, or a mapping with the key 'criterion'."),
        (["stock"], "'['stock']' is not a requirement; expected a criterion, or a mapping with the key 'criterion'."),
        ({}, "the requirement '{}' has no criterion; add 'criterion: <id>'."),
        (
            {"criterion": "repairs", "prioriti": "must"},
            "unknown key 'prioriti' in a requirement. Did you mean 'priority'?",
        ),
        (
            {"criterion": "repairs", "xyzzy": 1},
            f"unknown key 'xyzzy' in a requirement. Known here: {', '.join(KEYS)}.",
        ),
        (
            {"criterion": "repairs", "priority": "shall"},
            "unknown priority 'shall' in 'repairs'; expected must, should, could or wont.",
        ),
        (
            {"criterion": "stock", "at_least": 5, "at_most": 3},
            f"the bounds of '{STOCK}' exclude each other: nothing is at least 5 and at most 3; change one.",
        ),
        ({"criterion": "stock", "at_least": True}, lacks("True")),
        ({"criterion": "stock", "at_least": float("nan")}, lacks("nan")),
        ({"criterion": "stock", "at_least": float("inf")}, lacks("inf")),
        ({"criterion": "stock", "at_least": [1]}, lacks("[1]")),
        ({"criterion": "stock", "at_least": -1}, f"the bound of '{STOCK}' is -1; expected 0 to 1000000000000 bikes."),
        (
            {"criterion": "stock", "exactly": 5},
            f"'{STOCK}' is a quantity; expected >= or <= before its number, such as {STOCK}>=5.",
        ),
        ({"criterion": "stock", "at_least": "50-90"}, ranges("50-90", 50, 90)),
        ({"criterion": "repairs", "at_least": 1}, CAPABILITY),
        *[
            (
                {"criterion": "repairs", "weight": weight},
                f"the weight of 'repairs' is '{weight}'; expected a number above 0, up to 1000000.",
            )
            for weight in (0, -1, 1_000_001, float("nan"), float("inf"), True, "2")
        ],
    ],
)
def test_what_is_wrong_in_a_mapping_is_said_in_one_sentence(bicycles, given_value, sentence):
    with pytest.raises(RequirementsError) as caught:
        read_requirement(given_value, "must", bicycles)
    assert str(caught.value) == sentence


def test_exclusive_bounds_of_a_rating_are_shown_in_its_words(bicycles):
    with pytest.raises(RequirementsError, match="nothing is at least excellent and at most fair"):
        read_requirement({"criterion": "advice", "at_least": "excellent", "at_most": "fair"}, "must", bicycles)


def test_a_rating_is_shown_as_it_was_typed(bicycles):
    with pytest.raises(RequirementsError, match="'3' is not a value of 'advice'"):
        read_requirement({"criterion": "advice", "at_least": 3.0}, "must", bicycles)


HUGE = 10**5000


@pytest.mark.parametrize(
    "given_value",
    [
        {"criterion": "stock", "at_least": HUGE},
        {"criterion": "stock", "at_most": 10**400},
        {"criterion": "stock", "at_least": [HUGE]},
        {"criterion": "stock", "weight": HUGE},
        {"criterion": "stock", "priority": HUGE},
        {"criterion": HUGE},
        {"criterion": "stock", HUGE: 1},
        [HUGE],
        "stock>=" + "9" * 5000,
        "stock>=" + "0" * 5000 + "9e99",
        "stock=" + "9" * 5000,
    ],
)
def test_a_number_with_thousands_of_digits_is_refused_in_a_short_sentence(bicycles, given_value):
    with pytest.raises(RequirementsError) as caught:
        read_requirement(given_value, "must", bicycles)
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("repairs", ["repairs"]),
        (" repairs ,stock>=9 bikes", ["repairs", "stock>=9 bikes"]),
        ("stock=1,000 to 2,000,repairs", ["stock=1,000 to 2,000", "repairs"]),
        ("stock=1,000-2,000,2fa", ["stock=1,000-2,000", "2fa"]),
    ],
)
def test_a_list_is_split_at_commas(text, parts):
    assert split_list(text) == parts


@pytest.mark.parametrize("text", ["", " ", ",", "repairs,", ",repairs", "repairs,,stock"])
def test_a_list_with_an_empty_place_is_refused(text):
    with pytest.raises(
        RequirementsError, match=r"is empty or has an empty entry; expected criteria separated by commas"
    ):
        split_list(text)


amounts = st.integers(0, 10**12) | st.floats(0, 1e12, allow_nan=False)
priorities = st.sampled_from(["must", "should", "could"])


@st.composite
def requirements(draw):
    """A requirement on some criterion of the bicycle shops, with a bound where it takes one."""
    name = draw(st.sampled_from(["repairs", "child-seats", STOCK, "lightest-frame", RENTAL, "monthly-cost", "advice"]))
    ends = None if name in {"repairs", "child-seats"} else st.integers(0, 3) if name == "advice" else amounts
    if ends is None or draw(st.booleans()):
        return Requirement(name, draw(priorities))
    low, high = sorted(draw(st.lists(ends, min_size=2, max_size=2)))
    bound = draw(st.sampled_from([Interval(low), Interval(None, high), Interval(low, high)]))
    return Requirement(name, draw(priorities), bound, draw(st.none() | st.floats(0.001, 1_000_000)))


@given(requirements(), priorities)
def test_a_requirement_in_the_words_of_a_file_is_read_back_as_itself(bicycles, requirement, default):
    words = {
        "criterion": requirement.criterion,
        "priority": requirement.priority,
        **bound_words(requirement.bound, bicycles.criteria[requirement.criterion]),
    }
    written = words if requirement.weight is None else words | {"weight": requirement.weight}
    assert read_requirement(written, default, bicycles) == requirement


@given(requirements().map(lambda requirement: requirement._replace(weight=None)), priorities)
def test_each_end_of_it_as_it_is_typed_is_read_back_too(bicycles, requirement, default):
    criterion = bicycles.criteria[requirement.criterion]
    signs = {"at_least": ">=", "at_most": "<="}
    ends = bound_words(requirement.bound, criterion)
    for key, end in ends.items():
        text = f"{requirement.criterion}{signs[key]}{end}:{requirement.priority}"
        low, high = (requirement.bound.low, None) if key == "at_least" else (None, requirement.bound.high)
        if criterion.kind == "quantity" and explain_two_readings(str(end)):  # 1.125 bicycles may be 1125
            with pytest.raises(RequirementsError, match="can be read as"):
                read_requirement(text, default, bicycles)
            continue
        assert read_requirement(text, default, bicycles) == requirement._replace(bound=Interval(low, high))
    if not ends:
        text = f"{requirement.criterion}:{requirement.priority}"
        assert read_requirement(text, default, bicycles) == requirement


@given(st.text() | st.text(alphabet="stock><=≥≤!:0123456789.,-eE $musthuldc"))
def test_no_text_leads_to_anything_but_a_requirement_or_one_sentence(bicycles, text):
    try:
        said = read_requirement(text, "must", bicycles).criterion
    except RequirementsError as error:
        said = str(error)
    assert said in bicycles.criteria or 0 < len(said) < 700


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("stock>=1,000", "'stock>=1,000' can be read as 1 or 1000; write the one you mean"),
        ("repairs,stock<=0,5,rental", "the bound of 'bikes-in-stock' is '0,5'; use a decimal point"),
    ],
)
def test_a_comma_within_a_number_is_named_as_such(bicycles, text, said):
    (part,) = [part for part in split_list(text) if "," in part]
    with pytest.raises(RequirementsError, match=said):
        read_requirement(part, "must", bicycles)
