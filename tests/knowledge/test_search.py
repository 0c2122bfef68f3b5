"""The search by meaning: stems, names, labels; and what to say of words that name no criterion."""

import subprocess
import sys

import pytest

from provider_advisor.knowledge.search import SearchEntry, SearchIndex
from provider_advisor.requirements.word_mistakes import explain_unknown


@pytest.fixture(scope="module")
def shops():
    return SearchIndex(
        [
            SearchEntry(
                "criterion", "bike-rental", ("bike-rental", "hire"), "Rental of bicycles", "May guests borrow?"
            ),
            SearchEntry(
                "criterion", "repairs", ("repairs",), "Repairs while you wait", "Is another rental bicycle lent?"
            ),
            SearchEntry("situation", "purposes=racing", ("purposes", "racing"), "Purposes"),
            SearchEntry("usage", "tours", ("tours",), "Guided tours"),
        ]
    )


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("repaired", ["repairs"]),
        ("rental", ["bike-rental", "repairs"]),
        ("rental bicycle", ["repairs", "bike-rental"]),
        ("hiring", ["bike-rental"]),
        ("tour", ["tours"]),
        ("race", ["purposes=racing"]),
        ("repiars", ["repairs"]),
        ("bicyc", ["bike-rental", "repairs"]),
        ("rental helicopter", []),
        ("", []),
        ("???", []),
    ],
)
def test_a_search_finds_all_words_by_their_stems(shops, query, found):
    assert [entry.id for entry in shops.search(query)] == found


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("rented bikes", []),
        ("rental", ["bike-rental"]),
        ("borrow", []),
        ("bike-rentals", ["bike-rental"]),
        ("repair", ["repairs"]),
        ("helicopter", []),
    ],
)
def test_what_is_meant_is_never_read_from_the_help_alone(shops, query, found):
    assert [entry.id for entry in shops.find_meant(query)] == found


@pytest.mark.parametrize(
    ("sentence", "found"),
    [
        ("a bike rental for 20 guests", ["bike-rental"]),
        ("hire by the hour", ["bike-rental"]),
        ("helicopters, and repairs by monks", ["repairs"]),
        ("a bike for 20 guests", []),
        ("helicopters for 20 guests", []),
    ],
)
def test_a_sentence_means_what_it_names_whole(sentence, found):
    pumps = [SearchEntry("criterion", f"pump-{at}", (f"pump-{at}", f"{at}"), "Pump") for at in range(100)]
    index = SearchIndex(
        [
            SearchEntry("criterion", "bike-rental", ("bike-rental", "hire"), "Rental of bicycles"),
            SearchEntry("criterion", "repairs", ("repairs",), "Repairs while you wait"),
            *pumps,
        ]
    )
    assert [entry.id for entry in index.find_meant(sentence)] == found


def test_the_thousands_of_a_number_are_not_words_of_their_own(knowledge):
    assert "emergency-calling" in [entry.id for entry in knowledge.search("000")]
    assert "emergency-calling" not in [entry.id for entry in knowledge.search("500,000 texts")]


@pytest.mark.parametrize("word", ["hologram", "erp", "catering", "vsat", "parcel forwarding", "no wifi"])
def test_a_word_of_another_meaning_suggests_nothing(knowledge, word):
    said = explain_unknown(word, f"'{word}'", knowledge)
    assert said.startswith(f"nothing is recorded about '{word}'. See `recommend criteria` for what you can ask for. ")
    assert said.endswith(
        "To list it without judging it, put it into `unlisted` (option --unlisted, "
        "or --unlisted-unknown for all such words)."
    )


@pytest.mark.parametrize(
    ("word", "named"),
    [
        ("subtitling", "Similar in meaning: 'live-captions'"),
        ("encrypted", "'encryption-in-transit' (Encrypted in transit)"),
        ("reminders", "Similar in meaning: 'appointment-reminders'"),
        ("Philippines", "Similar in meaning: 'emergency-calling@ph'"),
        ("tutoring", "the situation 'use-cases=tutoring'"),
        ("HIPPA", "Did you mean 'hipaa'?"),
        ("video apis", "Did you mean 'video-api'?"),
    ],
)
def test_what_is_near_in_meaning_is_named(knowledge, word, named):
    assert named in explain_unknown(word, f"'{word}'", knowledge)


@pytest.mark.parametrize(
    "word",
    [
        "no fax",
        "no additional fax required",
        "the system must not support fax",
        "fax no",
        "fax (no)",
        "Fax: none",
        "no need for fax",
        "we don't need fax",
        "fax is not required",
        "fax-no",
    ],
)
def test_a_wish_to_do_without_suggests_no_opposite(knowledge, word):
    assert explain_unknown(word, "it", knowledge).startswith("it asks to do without 'fax'")


def test_every_word_of_the_vocabulary_leads_to_itself(knowledge):
    for word, name in knowledge.words.items():
        assert name in [entry.id for entry in knowledge.search_index.search(word)], word


def test_what_is_near_is_the_same_in_each_process():
    # Stems are in sets, whose order depends on the seed, and sums of floats depend on the order.
    code = "from provider_advisor.knowledge import load; print(load().search_index.find_near('Toll-free numbers'))"
    found = [
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True, env={"PYTHONHASHSEED": seed}
        ).stdout
        for seed in ("0", "1")
    ]
    assert found[0] == found[1]
