"""Requirements on a member of a criterion: every way to say them, and what is said of those that cannot be."""

import json

import pytest

from provider_advisor import RequirementsError
from provider_advisor.requirements import read_requirement
from provider_advisor.requirements.requirements_file import read_requirements


@pytest.mark.parametrize(
    "given",
    [
        "delivery@north",
        "Delivery@Northern",
        " delivery@the north : must ",
        {"criterion": "delivery@north"},
        {"criterion": "delivery", "member": "north"},
        {"criterion": "delivery", "member": "The North"},
    ],
)
def test_a_member_is_asked_by_any_word_for_it(bicycles, given):
    read = read_requirement(given, "must", bicycles)
    assert (read.criterion, read.priority, read.bound) == ("delivery@north", "must", None)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ("delivery@nrth", "'delivery' has no member 'nrth'. Did you mean 'north'?"),
        ("delivery@qqq", "'delivery' has no member 'qqq'. Expected one of its 4 regions, such as delivery@north."),
        ("delivery@", "'delivery' has no member ''. Expected one of its 4 regions, such as delivery@north."),
        ("repairs@north", "'repairs' has no members; write 'repairs' without '@'."),
        ("delvery@north", "unknown criterion 'delvery'. Did you mean 'delivery'?"),
        (
            {"criterion": "delivery@north", "member": "south"},
            "'delivery@north' already names a member; remove 'member' or what is after '@'.",
        ),
        (
            {"criterion": "delivery", "member": 7},
            "the member of 'delivery' is '7'; expected one word, such as delivery@de.",
        ),
        ("delivery@north>=3", "'delivery@north' is a capability, which a provider has or lacks;"),
    ],
)
def test_a_member_that_cannot_be_asked_is_answered_in_a_sentence(bicycles, given, sentence):
    with pytest.raises(RequirementsError) as told:
        read_requirement(given, "must", bicycles)
    assert str(told.value).startswith(sentence)


def test_a_file_asks_for_members_and_is_unsure_of_some(bicycles):
    content = b"needs: [delivery@north, {criterion: delivery, member: west}]\nunsure: [Delivery@Northern]\n"
    statement = read_requirements(content, "team.yaml", bicycles)
    assert [part.criterion for part in statement.team.requirements] == ["delivery@north", "delivery@west"]
    assert statement.unsure == ("delivery@north",)


def test_members_are_asked_beside_one_another_and_beside_their_criterion(bicycles):
    content = b"needs: [delivery@north, delivery@northern, delivery]\nwants: [delivery@north, delivery@south]\n"
    team = read_requirements(content, "team.yaml", bicycles).team
    found = [(part.criterion, part.priority) for part in team.requirements]
    assert found == [("delivery", "must"), ("delivery@north", "must"), ("delivery@south", "should")]


def test_an_answer_names_members_by_their_ids_and_labels(bicycles):
    from provider_advisor import recommend  # noqa: PLC0415

    record = recommend(bicycles, needs=["delivery@west"]).record
    assert [part["criterion"] for part in record["requirements"]] == ["delivery@west"]
    assert {finding["criterion"] for finding in record["findings"]} == {"delivery@west"}
    assert "Delivery, The west" in json.dumps(record)
