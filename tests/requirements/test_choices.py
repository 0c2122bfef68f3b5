"""Either this or that will do, and that must not be there: every way to say it, and what is said of what cannot be."""

import json

import pytest

from provider_advisor import RequirementsError
from provider_advisor.logic import ABSENT
from provider_advisor.requirements import Statement, combine, read_requirement, read_team, statement_record
from provider_advisor.requirements.requirements_file import read_requirements

ONE_PRIORITY = "write one after the last part, for the whole choice."
PART_KEYS = "criterion, member, is, at_least, at_most, exactly"
STOCK = "bikes-in-stock"
WHICH_OF_BOTH = "write 'repairs=no' if it must be absent, or 'repairs:wont' if it is not wanted."


@pytest.mark.parametrize(
    "given",
    [
        "rental|repairs",
        " Repairs | rental ",
        {"any": ["repairs", "rental"]},
        {"any": [{"criterion": "rental"}, "repairs"]},
    ],
)
def test_a_choice_is_one_requirement_in_whatever_order_and_words(bicycles, given):
    read = read_requirement(given, "must", bicycles)
    assert (read.criterion, read.priority, read.bound) == ("rental|repairs", "must", None)
    assert bicycles.criteria[read.criterion].label == "Rental or Repairs"


def test_members_of_one_criterion_share_its_label_in_a_choice(bicycles):
    read = read_requirement("delivery@north|delivery@south|repairs", "must", bicycles)
    assert bicycles.criteria[read.criterion].label == "Delivery, The north or Delivery, The south or Repairs"
    read = read_requirement("delivery@north|delivery@south", "must", bicycles)
    assert bicycles.criteria[read.criterion].label == "Delivery, The north or The south"


@pytest.mark.parametrize(
    ("given", "criterion"),
    [
        ("bikes-in-stock>=90|delivery@Northern", "bikes-in-stock>=90|delivery@north"),
        ("repairs=no|advice=good", "advice=good|repairs=no"),
        (
            {
                "any": [
                    {"criterion": "bikes-in-stock", "at_least": 5, "at_most": 9.5},
                    {"criterion": "repairs", "is": "absent"},
                ]
            },
            "bikes-in-stock>=5<=9.5|repairs=no",
        ),
    ],
)
def test_a_part_may_have_a_bound_a_member_or_be_absent(bicycles, given, criterion):
    read = read_requirement(given, "should", bicycles)
    assert read.criterion == criterion
    assert bicycles.criteria[criterion].any_of


def test_a_choice_takes_a_priority_and_a_weight(bicycles):
    assert read_requirement("rental|repairs:could", "must", bicycles).priority == "could"
    read = read_requirement({"any": ["rental", "repairs"], "priority": "could", "weight": 3}, "must", bicycles)
    assert (read.priority, read.weight) == ("could", 3)


@pytest.mark.parametrize("given", ["repairs=no", "Repairs = No", {"criterion": "repairs", "is": "absent"}])
def test_what_must_not_be_there_is_bounded_by_its_absence(bicycles, given):
    assert read_requirement(given, "must", bicycles) == ("repairs", "must", ABSENT, None, ())


@pytest.mark.parametrize(
    ("given", "sentences"),
    [
        ("repairs|", ["a choice has the part ''; expected criteria with '|' between them."]),
        ("repairs|repairs=no", ["a choice names 'repairs' twice; name each of its parts once."]),
        (
            "repairs:must|rental",
            [f"'repairs:must|rental' has a priority inside a choice; {ONE_PRIORITY}"],
        ),
        (
            "rental|repairs:wont",
            ["a choice cannot be 'wont'; write 'wont' after each criterion that is not wanted."],
        ),
        (
            "bikes-in-stock|repairs",
            ["'bikes-in-stock' is a quantity, which needs a bound in a choice, such as bikes-in-stock>=1."],
        ),
        (
            "xyzzy|repairs|repairs|bikes-in-stock=no",
            [
                (
                    "nothing is recorded about 'xyzzy'. See `recommend criteria` for what you can ask for. "
                    "To list it without judging it, put it into `unlisted` (option --unlisted, "
                    "or --unlisted-unknown for all such words)."
                ),
                f"'{STOCK}' is a quantity, which cannot be absent; give it a bound instead, such as {STOCK}<=1.",
                "a choice names 'repairs' twice; name each of its parts once.",
            ],
        ),
        ({"any": ["repairs"]}, ["'any' has 1 part; expected a list of 2 to 100 criteria, any one of which will do."]),
        ({"any": []}, ["'any' has 0 parts; expected a list of 2 to 100 criteria, any one of which will do."]),
        ({"any": "repairs"}, ["'any' has 'repairs'; expected a list of 2 to 100 criteria, any one of which will do."]),
        (
            {"any": ["repairs", "rental"], "criterion": "fax"},
            ["unknown key 'criterion' in a choice. Known here: any, priority, weight."],
        ),
        (
            {"any": ["repairs", {"criterion": "rental", "weight": 2}]},
            [f"unknown key 'weight' in a part of a choice. Known here: {PART_KEYS}."],
        ),
        (
            {"criterion": "repairs", "is": "present"},
            ["'is' of 'repairs' is 'present'; expected 'absent', or no 'is' at all."],
        ),
        (
            "repairs=no:wont",
            [f"'repairs=no' cannot be combined with 'wont'; {WHICH_OF_BOTH}"],
        ),
    ],
)
def test_all_mistakes_of_a_requirement_are_said_one_sentence_each(bicycles, given, sentences):
    with pytest.raises(RequirementsError) as caught:
        read_requirement(given, "must", bicycles)
    assert list(caught.value.problems) == sentences


@pytest.mark.parametrize("wants", [["repairs=no"], ["repairs=no:could"]])
def test_what_is_asked_for_cannot_be_asked_to_be_absent(bicycles, wants):
    with pytest.raises(RequirementsError, match="'repairs' is asked for and must also be absent"):
        read_team(bicycles, needs=["repairs"], wants=wants)


def test_an_absence_asked_twice_counts_once_at_the_higher_priority(bicycles):
    team = read_team(bicycles, needs=["repairs=no"], wants=["repairs=no", "repairs:wont"])
    assert [(part.criterion, part.priority, part.bound) for part in team.requirements] == [("repairs", "must", ABSENT)]
    assert (team.stated, team.refused, team.unwanted) == (frozenset(), {"repairs"}, ())


@pytest.mark.parametrize("dump", [json.dumps, str])
def test_a_file_with_both_is_read_and_written_as_it_was(bicycles, dump):
    parts = {
        "any": [{"criterion": "bikes-in-stock", "at_least": 5}, {"criterion": "rental", "is": "absent"}, "repairs"]
    }
    data = {"needs": [parts], "wants": [{"criterion": "delivery@north", "is": "absent", "weight": 2.0}]}
    statement = read_requirements(dump(data).encode(), "team.yaml", bicycles)
    assert statement_record(statement, bicycles) == data


def test_the_command_line_overrules_what_a_file_says_of_the_absent(bicycles):
    file, line = (Statement(read_team(bicycles, wants=wants, whole=False)) for wants in (["repairs=no"], ["repairs"]))
    both = combine(file, line, bicycles)
    assert both.team.stated == {"repairs"}
    assert both.notes == ("The command line overrides repairs in the file.",)
