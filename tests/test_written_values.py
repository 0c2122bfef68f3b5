"""Amounts and units as people type them."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provider_advisor.written_values import explain_two_readings, read_amount, unit_fits


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("90", (90, None)),
        (" 90 ", (90, None)),
        ("+5", (5, None)),
        ("-5", (-5, None)),
        ("0.00001", (0.00001, None)),
        (".5", (0.5, None)),
        ("5.", (5.0, None)),
        ("1e3", (1000.0, None)),
        ("1e308", (1e308, None)),
        ("250 participants", (250, "participants")),
        ("250participants", (250, "participants")),
        ("$0.008", (0.008, "USD")),
        ("$ 500", (500, "USD")),
        ("0.008 USD/message", (0.008, "USD/message")),
        ("0.008 USD per message", (0.008, "USD/message")),
        ("0.008 USD / message", (0.008, "USD/message")),
        ("0.008 $", (0.008, "USD")),
        ("US$0.008", (0.008, "USD")),
        ("$0.008/message", (0.008, "USD/message")),
        ("$0.008 USD/message", (0.008, "USD/message")),
        ("$0.008 EUR", (0.008, "$ EUR")),
        ("€5", (5, "EUR")),
        ("5 €/day", (5, "EUR/day")),
        ("£5", (5, "GBP")),
        ("99.95%", (99.95, "percent")),
        ("99.95 % ", (99.95, "percent")),
        ("5 persons", (5, "persons")),
    ],
)
def test_an_amount_is_a_number_and_perhaps_a_unit(text, expected):
    assert read_amount(text) == expected


@pytest.mark.parametrize("text", ["90", "999999999999999"])
def test_a_whole_number_stays_whole(text):
    assert isinstance(read_amount(text)[0], int)


@pytest.mark.parametrize(
    "text", ["", " ", "$", "many", "nan", "inf", "-inf", "infinity", "1e400", "--5", "¥5", "five 5"]
)
def test_what_does_not_begin_with_a_finite_number_is_refused(text):
    with pytest.raises(ValueError):
        read_amount(text)


@given(st.integers(-(10**15) + 1, 10**15 - 1) | st.floats(allow_nan=False, allow_infinity=False))
def test_every_finite_number_is_read_as_python_writes_it(number):
    assert read_amount(repr(number)) == (number, None)


@given(st.text())
def test_no_text_leads_to_anything_but_a_finite_number_or_a_value_error(text):
    try:
        number, _ = read_amount(text)
    except ValueError:
        return
    assert math.isfinite(number)


@pytest.mark.parametrize(
    ("given_unit", "unit", "fits"),
    [
        ("bikes", "bikes", True),
        ("Bikes ", "bikes", True),
        ("bike", "bikes", True),
        ("country", "countries", True),
        ("countrie", "countries", False),
        ("USD", "USD/message", True),
        ("usd/message", "USD/message", True),
        ("message", "USD/message", False),
        ("message/second", "messages/second", True),
        ("EUR", "USD/message", False),
        ("minutes", "countries", False),
        ("", "bikes", False),
    ],
)
def test_a_unit_fits_if_it_is_the_expected_one_its_singular_or_its_currency(given_unit, unit, fits):
    assert unit_fits(given_unit, unit) is fits


@pytest.mark.parametrize("text", ["\uff15.\uff10\uff10\uff10", "\uff11\uff10\uff10", "\u0663"])
def test_digits_of_other_scripts_are_no_number(text):
    """With them 5.000 would be read as 5, unseen by what refuses numbers with two readings."""
    assert explain_two_readings(text) is None
    with pytest.raises(ValueError, match=text):
        read_amount(text)
