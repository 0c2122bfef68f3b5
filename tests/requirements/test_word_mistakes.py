"""Words that mean a criterion only beside others of its area, and numbers with two readings, in every form."""

import pytest

from provider_advisor.errors import RequirementsError
from provider_advisor.requirements import read_team, split_list


@pytest.mark.parametrize("word", ["encryption", "firewall", "branding", "Barge_In", "bandwidth"])
def test_a_loose_word_beside_nothing_of_its_area_is_asked_about(knowledge, word):
    with pytest.raises(RequirementsError) as error:
        read_team(knowledge, needs=["sms-api", word])
    (problem,) = error.value.problems
    assert problem.startswith(f"'{word}' ")
    assert "mean" in problem


@pytest.mark.parametrize(
    ("needs", "criterion"),
    [
        (["whiteboard", "encryption"], "video-encryption"),
        (["video-api", "ios"], "ios"),
        (["voice-api", "transcripts"], "call-transcription"),  # the id has the word of the area
        (["sms-api", "ios"], "ios"),  # what a program says by an id is meant
        (["contact-centre", "barge-in:could"], "call-barge-in"),
        (["video-encryption"], "video-encryption"),
        (["sms-api", {"criterion": "video-ios"}], "ios"),
        (["sms-api", "video-on-ios"], "ios"),
    ],
)
def test_beside_its_area_or_by_another_name_it_is_taken(knowledge, needs, criterion):
    assert criterion in read_team(knowledge, needs=needs).stated


def test_two_loose_words_do_not_vouch_for_each_other(knowledge):
    with pytest.raises(RequirementsError) as error:
        read_team(knowledge, needs=["firewall"], wants=[{"criterion": "branding"}])
    assert [problem.split()[0] for problem in error.value.problems] == ["'firewall'", "'branding'"]


def test_every_id_is_taken_alone(knowledge):
    for name in knowledge.criteria:
        assert name in read_team(knowledge, needs=[name], whole=False).stated


def test_a_loose_id_typed_alone_is_taken(knowledge):
    assert "ios" in read_team(knowledge, needs=["ios"], typed=True).stated


def test_an_ambiguous_word_lists_the_candidates(knowledge):
    with pytest.raises(RequirementsError, match=r"'ios' can mean 'video-ios' .* or 'ucaas-phones'"):
        read_team(knowledge, needs=["ios", "sms"], typed=True)


@pytest.mark.parametrize("word", ["eu-hosting", "subscription", "fraud-detection"])
def test_a_word_that_only_leads_to_a_criterion_is_not_taken_for_it(knowledge, word):
    with pytest.raises(RequirementsError, match="Similar in meaning: '"):
        read_team(knowledge, needs=[word])


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("fax,mms", ["fax", "mms"]),
        ("fax; mms", ["fax", "mms"]),
        ("fax\nmms,\r\nsms\n", ["fax", "mms", "sms"]),
        ("number-countries>=90,2fa,10dlc", ["number-countries>=90", "2fa", "10dlc"]),
        ("number-countries>=1,000,fax", ["number-countries>=1,000", "fax"]),
        ("monthly-cost<=US$1,000,fax", ["monthly-cost<=US$1,000", "fax"]),
        ("monthly-cost<=€1,000,fax", ["monthly-cost<=€1,000", "fax"]),
        ("number-countries>=1,000,000:could", ["number-countries>=1,000,000:could"]),
        ("sms-outbound-price<=0,01 USD", ["sms-outbound-price<=0,01 USD"]),
        ("number-countries>=90;100", ["number-countries>=90", "100"]),
    ],
)
def test_lists_are_parted_by_commas_semicolons_and_line_ends_but_not_within_a_number(text, parts):
    assert split_list(text) == parts


@pytest.mark.parametrize(
    ("need", "readings"),
    [
        ("number-countries>=1,000", "1 or 1000"),
        ("number-countries>=5.000", "5 or 5000"),
        ("number-countries>=1.5k", "1.5 or 1500"),
        ("number-countries>=2 M:could", "2 or 2000000"),
    ],
)
def test_a_number_with_two_readings_is_refused_with_both(knowledge, need, readings):
    with pytest.raises(RequirementsError, match=f"can be read as {readings}; write the one"):
        read_team(knowledge, needs=[need])


def test_all_mistakes_are_told_at_once(knowledge):
    with pytest.raises(RequirementsError) as error:
        read_team(
            knowledge,
            needs=["theremin", "fax:maybe", "number-countries>=200", "number-countries<=100"],
            wants=["witheboard"],
            situation={"developers": "senior", "team": "3"},
            usage={"sms": 3, "sms-inbound": -1},
        )
    said = "\n".join(error.value.problems)
    assert len(error.value.problems) == 7
    for part in ("theremin", "'maybe'", "witheboard", "'senior'", "'team'", "'sms'", "'sms-inbound'"):
        assert part in said


def test_contradictions_are_told_beside_unknown_words(knowledge):
    with pytest.raises(RequirementsError) as error:
        read_team(knowledge, needs=["theremin", "monthly-cost<=5", "number-countries>=200", "number-countries<=100"])
    assert "theremin" in error.value.problems[0]
    assert any("exclude each other" in problem for problem in error.value.problems)


@pytest.mark.parametrize(
    "error", ["#N/A", "#REF!", "#DIV/0!", "#NAME?", "#VALUE!", "#NUM!", "#NULL!", "#spill!", "Err:502"]
)
def test_an_error_of_a_spreadsheet_is_called_one_wherever_it_stands(knowledge, error):
    def said(**given):
        with pytest.raises(RequirementsError) as caught:
            read_team(knowledge, **given)
        (problem,) = caught.value.problems
        return problem

    assert said(needs=[error]) == f"'{error}' is a spreadsheet error, not a criterion; correct the cell."
    assert said(unlisted=[error]) == f"'{error}' is a spreadsheet error, not a requirement; correct the cell."
    for text in ("number-countries>=", "support-reputation>=", "fax:", "phone-numbers@", "sms|")[
        : 3 if ":" in error else 5
    ]:
        assert error in (sentence := said(needs=[text + error]))
        assert sentence.endswith("; correct the cell.")
        assert "a spreadsheet error" in sentence
    assert said(needs=["sms"], situation={"developers": error}) == (
        f"'{error}' is a spreadsheet error, not a value of the situation 'developers'; correct the cell."
    )
    assert said(needs=["sms"], usage={"sms-outbound": error}) == (
        f"'{error}' is a spreadsheet error, not an amount of the usage 'sms-outbound'; correct the cell."
    )


def test_words_that_only_look_like_an_error_of_a_spreadsheet_are_requirements(knowledge):
    words = ["replies to #REF numbers", "C#!", "a channel #support!", "Err:5"]
    assert [each.text for each in read_team(knowledge, needs=["sms"], unlisted=words).unlisted] == words
