"""Two ways to the same answer: the code, and a slow reference written from the definitions alone."""

import reference
from hypothesis import given, reject, settings
from worlds import DAY, SAME_EVERY_RUN, answer_of, decided, worlds


@given(worlds(weighed=True))
@settings(SAME_EVERY_RUN, max_examples=200)
def test_the_code_answers_as_the_reference_does(world):
    try:
        expected = reference.answer(world.knowledge, world.team, DAY)
    except reference.OpenToReadingError:
        reject()
    found = answer_of(decided(world.knowledge, world.team))
    for field in reference.Answer._fields:
        assert getattr(found, field) == getattr(expected, field), field
