"""The records of how sure a recommendation is: of the published shape, and said in whole sentences."""

import json

import jsonschema
from hypothesis import given, settings
from worlds import Said, capability, decided, knowledge_of, worlds

from provider_advisor.decision.robustness import measure_robustness
from provider_advisor.explanation.model import ConfirmRecord, RobustnessRecord, as_data
from provider_advisor.explanation.schema import schema_of
from provider_advisor.explanation.sureness import record_confirm, record_robustness
from provider_advisor.requirements import Requirement, Team

REPEATED = settings(derandomize=True, deadline=None)
ROBUSTNESS, CONFIRM = (jsonschema.Draft202012Validator(schema_of(kind)) for kind in (RobustnessRecord, ConfirmRecord))


def sentences(record):
    """Every `says` in a record, however deep."""
    if isinstance(record, dict):
        yield from ([record["says"]] if "says" in record else [])
        record = list(record.values())
    for part in record if isinstance(record, list) else []:
        yield from sentences(part)


@settings(REPEATED, max_examples=80)
@given(worlds(most=3))
def test_records_have_the_published_shape_and_speak(world):
    found = measure_robustness(decided(world.knowledge, world.team))
    record = as_data([record_robustness(found, world.knowledge), *record_confirm(found, world.knowledge)])
    ROBUSTNESS.validate(record[0])
    for entry in record[1:]:
        CONFIRM.validate(entry)
    json.dumps(record, allow_nan=False)
    for said in sentences(record):
        assert said
        assert said[-1] in ".?"
        assert "None" not in said


@settings(REPEATED, max_examples=30)
@given(worlds(most=3))
def test_the_same_decision_is_as_sure_every_time(world):
    first, second = (measure_robustness(decided(world.knowledge, world.team)) for _ in range(2))
    assert first == second


def test_a_question_to_confirm_names_provider_criterion_and_what_follows():
    knowledge = knowledge_of([capability("board")], {"ada": {"board": Said("present")}, "bob": {}})
    found = measure_robustness(decided(knowledge, Team((Requirement("board", "must"),))))
    (entry,) = record_confirm(found, knowledge)
    assert entry.says == (
        "Does Bob offer this: board? If yes, Ada and Bob would be equal; if no, Ada would be recommended (firm)."
    )
