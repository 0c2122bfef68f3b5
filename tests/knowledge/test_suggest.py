"""The nearest words: the same one by one, all at once, and after another process has the base; none that is another."""

import pickle
import random

import pytest

from provider_advisor.errors import RequirementsError
from provider_advisor.knowledge.suggest import SpellingIndex, did_you_mean, find_misspelt, nearest
from provider_advisor.requirements import read_requirement
from provider_advisor.requirements.grammar import prepare_words


def _misspelt(words, count):
    draw = random.Random(7)  # noqa: S311 (words, not secrets)
    letters = "abcdefghijklmnopqrstuvwxyz-_ É"
    for word in draw.choices(sorted(words), k=count):
        at = draw.randrange(len(word))
        yield word[:at] + draw.choice(letters) * draw.randint(0, 2) + word[at + draw.randint(0, 2) :]


def test_words_prepared_together_get_the_answers_of_single_ones(knowledge):
    words = [*_misspelt(knowledge.words, 2_000), "", "-", "\ud800", "x" * 5_000, "é" * 3]
    one_by_one, together = SpellingIndex(knowledge.words), SpellingIndex(knowledge.words)
    together.prepare(words)
    found = [one_by_one.nearest(word, 9) for word in words]
    assert found == [together.nearest(word, 9) for word in words]
    assert sum(map(bool, found)) > 1_000


def test_fewer_are_the_first_of_more(knowledge):
    index = SpellingIndex(knowledge.words)
    for word in _misspelt(knowledge.words, 200):
        assert nearest(word, knowledge.words, 9)[:3] == nearest(word, knowledge.words, 3)
        assert index.nearest(word, 9)[:3] == index.nearest(word, 3)


def test_prepared_requirements_are_refused_in_the_same_words(knowledge):
    texts = ["witheboard", "number-contries>=90", "fax:maybe", "ucass:could", "", "x>=>=1", "zzzz", "no fax"]

    def said():
        found = []
        for text in texts:
            with pytest.raises(RequirementsError) as error:
                read_requirement(text, "must", other)
            found.append(str(error.value))
        return found

    other = knowledge
    before = said()
    other = pickle.loads(pickle.dumps(knowledge))  # noqa: S301 (ours)
    prepare_words(texts, other)
    assert said() == before
    assert before[0].startswith("unknown criterion 'witheboard'. Did you mean 'whiteboard'")


def test_a_word_in_other_capitals_or_hyphens_is_the_only_one_suggested():
    assert did_you_mean("At-Least", ["at_least", "at_most", "at_last"]) == " Did you mean 'at_least'?"


def test_words_of_one_meaning_are_not_suggested_beside_one_another():
    meaning = {"car": "car", "cars": "car", "cart": "cart"}
    assert did_you_mean("carz", meaning, meaning) == " Did you mean 'car' or 'cart'?"


@pytest.mark.parametrize(
    ("typed", "known"),
    [
        ("softphone", "freephone"),
        ("sso", "sms"),
        ("voicemail", "voice-api"),
        ("saml", "ssml"),
        ("gmail", "email"),
        ("tls", "tts"),
        ("inbound-price", "outbound-price"),
    ],
)
def test_another_word_is_no_misspelt_one(typed, known):
    assert find_misspelt(typed, [known]) == ""


@pytest.mark.parametrize(
    ("typed", "known"),
    [
        ("fxa", "fax"),
        ("smss", "sms"),
        ("ucass", "ucaas"),
        ("witheboard", "whiteboard"),
        ("hwiteboard", "whiteboard"),
        ("Screen Shering", "screen-sharing"),
        ("videoapi", "video-api"),
    ],
)
def test_a_typing_error_is_found(typed, known):
    assert find_misspelt(typed, [known]) == f" Did you mean '{known}'?"
