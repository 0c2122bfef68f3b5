"""What the words of a requirement say of how important it is, and what is left of them."""

import pytest

from provider_advisor.requirements.priority_words import find_heading_wish, split_priority


@pytest.mark.parametrize(
    ("text", "rest", "wish"),
    [
        ("Fax (optional)", "Fax", "could"),
        ("Fax - optional", "Fax", "could"),
        ("Fax: nice to have", "Fax", "could"),
        ("[M] Fax", "Fax", "must"),
        ("Bonus: fax", "fax", "could"),
        ("Fax preferred", "Fax", "should"),
        ("Fax and SMS are desired", "Fax and SMS", "should"),
        ("Ideally fax", "fax", "should"),
        ("fax (if possible)", "fax", "should"),
        ("Fax would be a plus", "Fax", "could"),
        ("Uptime of 99.9 % is a must", "Uptime of 99.9 %", "must"),
        ("Fax is not required", "Fax", "nothing"),
        ("Fax isn't needed", "Fax", "nothing"),
        ("Fax is no longer required", "Fax", "nothing"),
        ("Fax is not a must", "Fax", "could"),
        ("Fax not wanted", "Fax", "wont"),
        ("Out of scope: fax", "fax", "nothing"),
    ],
)
def test_words_on_the_priority_are_told_from_what_is_asked(text, rest, wish):
    assert split_priority(text) == (rest, wish)


@pytest.mark.parametrize(
    "text",
    [
        "Fax",
        "Fax (not optional)",
        "Fax must not be required",
        "Fax is hardly important",
        "No installation required",
        "SMS, fax preferred",
        "Voicemail, ideally with transcripts",
        "Training required for all employees",
        "Push notifications must be sent to app users",
        "x" * 2_000 + " (optional)",
    ],
)
def test_a_text_that_says_more_or_the_opposite_is_left_as_it_is(text):
    assert split_priority(text) == (text, None)


@pytest.mark.parametrize(
    ("line", "wish"),
    [
        ("Must have", "must"), ("Nice-to-haves:", "could"), ("MANDATORY REQUIREMENTS", "must"),
        ("Won't need", "nothing"), ("Out of scope:", "nothing"), ("Fax", None), ("Must have fax", None),
    ],
)  # fmt: skip
def test_a_line_of_nothing_but_a_priority_is_a_heading(line, wish):
    assert find_heading_wish(line) == wish
