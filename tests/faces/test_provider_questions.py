"""Letters to the providers: what would settle the answer comes first, the team's own words come last.

A provider may read its whole letter: what the answers would change, and every other provider, is in the buyer's part.
"""

from __future__ import annotations

import datetime as dt
import io
import re
import zipfile

import pytest
from hypothesis import given, settings
from python_calamine import load_workbook
from worlds import DAY, SAME_EVERY_RUN, Said, capability, knowledge_of, price, quantity, rating, worlds

from provider_advisor.faces.report.letters import (
    AnswerEffect,
    Letters,
    ProviderLetter,
    ProviderQuestion,
    make_letters,
    split_letters,
    write_letters,
)
from provider_advisor.knowledge.rules import Policy
from provider_advisor.logic import Interval
from provider_advisor.recommendation import answer, recommend
from provider_advisor.requirements import Requirement, Statement, Team, Unlisted

_DAY = dt.date(2024, 1, 1)
_FOR_BUYER = "For your own use: what the answers would change"
_BUYERS_WORDS = re.compile(
    r"\b(recommend\w*|verdict|undetermined|tie|firm|lean\w*|lead\w*|rank\w*|rival\w*|weight\w*|scor\w+|ruled out|must"
    r"|should|could|qualified|unconfirmed|at least|at most|if (yes|no)|why we ask)\b",
    re.IGNORECASE,
)


def _letters(bicycles, own_words=(), **asked):
    judged = recommend(bicycles, **asked, as_of=_DAY, robustness=True).explanation
    whole = recommend(bicycles, **asked, as_of=_DAY, unlisted=own_words).explanation
    return judged, make_letters(judged, whole.unlisted, bicycles)


def _letters_of(knowledge, team):
    """As the command makes them, with the answer on what is judged."""
    judged = answer(knowledge, Statement(team._replace(unlisted=()), DAY, None), robustness=True).explanation
    unlisted = answer(knowledge, Statement(team, DAY, None)).explanation.unlisted
    return judged, make_letters(judged, unlisted, knowledge)


def _read_letters(letters, extension=""):
    """Each letter by its provider's id as it is sent, and the buyer's part."""
    *sent, kept = [
        part.removeprefix("## ")
        for part in re.split(
            rf"^(?=(?:## )?Questions for |(?:## )?{_FOR_BUYER}$)", write_letters(letters, extension), flags=re.MULTILINE
        )
        if part
    ]
    return dict(zip((letter.provider for letter in letters.to_providers), sent, strict=True)), kept


def _names_in(text, knowledge, besides, labels):
    """What names another provider, or says how one stands, beside what the criteria and the team's words are called."""
    for label in sorted(labels, key=len, reverse=True):
        text = re.sub(rf"\b{re.escape(label)}\b", "", text)
    others = [word for each in knowledge.providers.values() if each.id != besides for word in (each.id, each.name)]
    return [word for word in others if re.search(rf"\b{re.escape(word)}\b", text)] + _BUYERS_WORDS.findall(text)


@settings(SAME_EVERY_RUN, max_examples=80)
@given(worlds(weighed=True))
def test_no_letter_names_another_provider_or_says_how_one_stands(world):
    team = world.team._replace(unlisted=(Unlisted("tea for Ada", "must"),))
    judged, letters = _letters_of(world.knowledge, team)
    asked = {fact.criterion for part in judged.confirm for fact in part.facts}
    asked |= {finding.criterion for finding in judged.findings if finding.priority == "must"}
    labels = [*(world.knowledge.criteria[name].label for name in asked), "tea for Ada"]
    if letters.to_providers:
        sent, kept = _read_letters(letters)
        assert list(sent) == [letter.provider for letter in letters.to_providers]
        for provider, letter in sent.items():
            assert _names_in(letter, world.knowledge, provider, labels) == []
        assert all(" ".join(effect.says.split()) in " ".join(kept.split()) for effect in letters.effects)


@settings(SAME_EVERY_RUN, max_examples=80)
@given(worlds(weighed=True))
def test_what_every_question_could_change_is_said_to_the_buyer_by_its_number(world):
    team = world.team._replace(unlisted=(Unlisted("tea", "should"),))
    judged, letters = _letters_of(world.knowledge, team)
    numbered = [question.id for letter in letters.to_providers for question in (*letter.questions, *letter.also)]
    assert len(set(numbered)) == len(numbered)
    assert {number for effect in letters.effects for number in effect.ids} == set(numbered)
    assert len({effect.says for effect in letters.effects}) == len(letters.effects)
    places = {}
    # No provider can rate itself.
    parts = [
        [fact for fact in part.facts if world.knowledge.criteria[fact.criterion].kind != "rating"]
        for part in judged.confirm
    ]
    for facts in parts:
        for fact in facts:
            places.setdefault(fact.provider, {}).setdefault(fact.criterion, len(places[fact.provider]) + 1)
    for facts in parts:
        ids = {f"{fact.provider}-{places[fact.provider][fact.criterion]}" for fact in facts}
        assert any(ids <= set(effect.ids) for effect in letters.effects)


def test_musts_that_are_unknown_or_out_of_date_are_asked_too(knowledge):
    two, day = knowledge.restrict(only=["twilio", "vonage"]), dt.date(2026, 11, 30)
    judged = recommend(two, needs=["whiteboard", "video-collaboration"], as_of=day, robustness=True).explanation
    assert judged.verdict.provider == "twilio"
    judged.confirm = []  # as if no answer could change it
    letters = make_letters(judged, (), two)
    assert [letter.provider for letter in letters.to_providers] == ["twilio"], "Vonage is ruled out"
    assert len(letters.to_providers[0].also) == 2
    for letter in letters.to_providers:
        assert letter.questions == ()
        assert all("Our information is from 20" in question.text for question in letter.also)
        assert [question.id for question in letter.also] == [
            f"{letter.provider}-{number}" for number in range(1, len(letter.also) + 1)
        ]
    (effect,) = letters.effects
    assert effect.ids == tuple(question.id for letter in letters.to_providers for question in letter.also)
    sent, _ = _read_letters(letters)
    assert "Please also confirm" not in "".join(sent.values()), "a second heading is for a second list"


def test_musts_that_are_stated_for_another_product_are_asked_too(knowledge):
    day, one = dt.date(2026, 11, 30), knowledge.restrict(only=["8x8"])
    judged = recommend(one, needs=["video-api", "audit-logs"], as_of=day, robustness=True).explanation
    assert [gap.criterion for gap in judged.product_gaps] == ["audit-logs"]
    (letter,) = make_letters(judged, (), one).to_providers
    assert [question.text for question in letter.also] == ['Do you offer "Audit log" with 8x8 Jitsi as a Service too?']


@pytest.mark.parametrize("extension", ["", ".md", ".xlsx"])
def test_musts_come_under_a_second_heading(extension):
    questions = tuple(ProviderQuestion(f"ada-{number}", f"Q{number}?") for number in (1, 2))
    content = write_letters(Letters((ProviderLetter("ada", "Ada", questions[:1], questions[1:]),), ()), extension)
    if extension == ".xlsx":
        rows = [row[1] for row in _read_sheets(io.BytesIO(content))["Ada"][3:]]
        assert rows == ["Q1?", "Please also confirm: Our information on these is old, incomplete or missing.", "Q2?"]
    else:
        assert content.index("Q1?") < content.index("Please also confirm") < content.index("Q2?")


@pytest.mark.parametrize("extension", ["", ".md", ".xlsx"])
def test_a_rival_stands_in_a_letter_only_where_a_criterion_is_called_so(extension):
    named = capability("link")._replace(label="Integrations, Bob")
    knowledge = knowledge_of([named, capability("fax")], {"ada": {"fax": Said("present")}, "bob": {}})
    _, letters = _letters_of(knowledge, Team((Requirement("link", "must"), Requirement("fax", "should"))))
    content = write_letters(letters, extension)
    if extension == ".xlsx":
        sheets = _read_sheets(io.BytesIO(content))
        sent = {name.lower(): str(rows) for name, rows in sheets.items() if name != "For your own use"}
    else:
        sent, _ = _read_letters(letters, extension)
    assert sent["ada"].count("Bob") == sent["ada"].count("Integrations, Bob") == 1
    assert "Ada" not in sent["bob"]


def test_providers_are_asked_in_their_own_words_and_not_told_what_would_do():
    asked = [
        capability("fax"),
        quantity("seats")._replace(label="Seats", unit="seats", limit=True),
        quantity("speed")._replace(label="Speed", unit="calls/second"),
        price("fee")._replace(label="Fee", unit="USD/month"),
        rating("ease"),
    ]
    claims = {"fee": Said((2, 8), plus="carrier fees")}
    knowledge = knowledge_of(asked, {"ada": claims, "bob": claims})
    wants = [
        Requirement("seats", "should", Interval(3, None)),
        *(Requirement(each.id, "should") for each in asked if each.id != "seats"),
    ]
    _, letters = _letters_of(knowledge, Team(tuple(wants)))
    texts = {letter.provider: {question.text for question in letter.questions} for letter in letters.to_providers}
    assert (
        texts["ada"]
        == texts["bob"]
        == {
            'Do you offer "fax"?',
            "Seats: up to how many seats?",
            "Speed: how many calls per second?",
            "Fee, carrier fees included: how much, in USD per month?",
        }
    )
    about = [effect for effect in letters.effects if "ease at" in effect.says]
    assert () in [effect.ids for effect in about]
    assert all(effect.says.endswith("No provider can rate itself: try it, or ask its customers.") for effect in about)
    assert "ease at Ada" in write_letters(letters).split(_FOR_BUYER)[1]


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (Said("present", as_of=dt.date(2012, 1, 1)), "(Our information is from 2012-01-01.)"),
        ([Said("present"), Said("absent")], "(Our sources contradict each other.)"),
    ],
)
def test_a_provider_is_told_why_it_is_asked_about_what_is_known(said, told):
    policy = Policy({"must": 4, "should": 2, "could": 1}, 0.5, stale_after={"capability": 900})
    knowledge = knowledge_of([capability("fax")], {"ada": {"fax": said}, "bob": {"fax": Said("absent")}}, policy=policy)
    _, letters = _letters_of(knowledge, Team((Requirement("fax", "must"),)))
    assert [question.text for question in letters.to_providers[0].questions] == [f'Do you offer "fax"? {told}']


def test_the_buyers_part_says_once_what_several_answers_change_together(bicycles):
    _, letters = _letters(bicycles, ["tea:should"], needs=["repairs", "test-rides"])
    for extension in ("", ".md"):
        text = write_letters(letters, extension)
        assert text.count(_FOR_BUYER) == 1
        assert text.index(_FOR_BUYER) > text.rindex("Kind regards")
        assert " ".join(text.split()).count("tea (should): this is not judged") == 1


def test_every_fact_to_confirm_is_asked_of_its_provider_in_the_order_of_its_use(bicycles):
    judged, letters = _letters(bicycles, needs=["repairs", "test-rides"])
    expected: dict[str, list[str]] = {}
    for part in judged.confirm:
        for fact in part.facts:
            asked = expected.setdefault(fact.provider, [])
            if fact.question not in asked:
                asked.append(fact.question)
    assert expected
    asked = {letter.provider: [each.text for each in letter.questions] for letter in letters.to_providers}
    assert asked == {
        provider: [re.sub(r"^Does .* offer", "Do you offer", question) for question in questions]
        for provider, questions in expected.items()
    }


def test_own_words_come_last_and_providers_that_are_out_are_not_asked_for_them(bicycles):
    judged, letters = _letters(bicycles, ["loan bikes", "tea:should"], needs=["repairs", "test-rides"])
    out = {part.id for part in judged.providers if part.standing == "ruled-out"}
    assert out
    assert {letter.provider for letter in letters.to_providers if "loan bikes" in letter.questions[-2].text} == {
        part.id for part in judged.providers
    } - out
    for letter in letters.to_providers:
        assert letter.questions[-1].text == 'Do you offer "tea"?'
        assert [each.id for each in letter.questions] == [
            f"{letter.provider}-{number}" for number in range(1, len(letter.questions) + 1)
        ]


@pytest.mark.parametrize("markdown", [False, True])
def test_a_letter_has_a_place_for_each_answer(bicycles, markdown):
    _, letters = _letters(bicycles, ["a <b> *c*"], needs=["repairs"])
    text = write_letters(letters, ".md" if markdown else "")
    assert text.count("Answer: ____") == sum(len(letter.questions) for letter in letters.to_providers)
    assert text.count("Source: ____") == text.count("Answer: ____")
    assert ("a \\<b\\> \\*c\\*" in text) is markdown


def _read_sheets(content):
    book = load_workbook(content)
    return {name: book.get_sheet_by_name(name).to_python() for name in book.sheet_names}


def test_a_workbook_has_a_sheet_for_each_provider_with_cells_for_the_answers_and_one_for_the_buyer(bicycles):
    _, letters = _letters(bicycles, ["=1+1"], needs=["repairs", "test-rides"])
    sheets = _read_sheets(io.BytesIO(write_letters(letters, ".xlsx")))
    assert list(sheets) == [*(letter.name for letter in letters.to_providers), "For your own use"]
    for letter in letters.to_providers:
        _, _, head, *rows = sheets[letter.name]
        assert head == ["Id", "Question", "Answer", "Source of the answer"]
        assert [(row[0], row[1]) for row in rows] == list(letter.questions)
        assert {(row[2], row[3]) for row in rows} == {("", "")}
    assert sheets["For your own use"][3:] == [[", ".join(effect.ids), effect.says] for effect in letters.effects]


def test_a_row_of_a_workbook_is_as_high_as_its_lines_need():
    questions = (
        ProviderQuestion("1", "Short?"),
        ProviderQuestion("2", "many words " * 15),
        ProviderQuestion("3", "x " * 9999),
    )
    content = write_letters(Letters((ProviderLetter("ada", "Ada", questions),), ()), ".xlsx")
    with zipfile.ZipFile(io.BytesIO(content)) as parts:
        sheet = parts.read("xl/worksheets/sheet1.xml").decode()
    assert [float(height) for height in re.findall(r'<row [^>]*r="[56]"[^>]* ht="([\d.]+)"', sheet)] == [45, 405]


def test_names_that_no_sheet_may_have_are_changed_and_stay_apart():
    names = ["A/B", "a b", "'quoted'", "History", "For your own use", "x" * 40, "x" * 39, "[]"]
    letters = Letters(
        tuple(ProviderLetter(name, name, (ProviderQuestion("1", "Q?"),)) for name in names),
        (AnswerEffect(("1",), "So."),),
    )
    *sheets, (name, _) = _read_sheets(io.BytesIO(write_letters(letters, ".xlsx"))).items()
    assert name == "For your own use"
    assert [rows[0][0] for _, rows in sheets] == [f"Questions for {name}" for name in names]
    assert [name for name, _ in sheets[:5]] == ["A B", "a b 2", "quoted", "History 2", "For your own use 2"]


def test_the_command_writes_a_workbook_by_its_name(recommend_says, folders_from, tmp_path):
    facts, rules = folders_from(tmp_path / "base")
    asked = f"recommend --needs repairs,test-rides --facts {facts} --rules {rules} --as-of 2024-01-01"
    assert recommend_says(f"{asked} --format questions -o {tmp_path}/letters.xlsx").status == 0
    assert _read_sheets(tmp_path / "letters.xlsx")


def _write(recommend_says, folders_from, tmp_path, output, needs="repairs,test-rides"):
    """The files that the command writes, by name, beside what it writes into one file."""
    facts, rules = folders_from(tmp_path / "base")
    asked = f"recommend --needs {needs} --facts {facts} --rules {rules} --as-of 2024-01-01 --format questions"
    single = recommend_says(asked).out
    said = recommend_says(f"{asked} -o '{tmp_path}/{output}'")
    assert (said.status, said.out, said.err) == (0, "", "")
    return {path.name: path.read_bytes() for path in (tmp_path / "letters").iterdir()}, single


@pytest.mark.parametrize("output", ["letters/", "letters/{provider}.txt", "letters"])
def test_a_folder_gets_a_file_for_each_provider_and_one_for_the_buyer(recommend_says, folders_from, tmp_path, output):
    if output == "letters":  # a folder that exists needs no slash
        (tmp_path / "letters").mkdir()
    files, single = _write(recommend_says, folders_from, tmp_path, output)
    kept = files.pop("_for-your-own-use.txt").decode()
    assert kept.startswith(_FOR_BUYER)
    assert all(name.endswith(".txt") and content.startswith(b"Questions for ") for name, content in files.items())
    # The same words as in one file, and nothing else.
    assert sorted("".join([*(part.decode() for part in files.values()), kept]).split()) == sorted(single.split())
    assert all(f"{name.removesuffix('.txt')}-1 ".encode() in content for name, content in files.items())
    assert not any(_FOR_BUYER.encode() in content for content in files.values())


def test_the_files_for_each_provider_are_workbooks_or_markdown_by_their_name(recommend_says, folders_from, tmp_path):
    files, _ = _write(recommend_says, folders_from, tmp_path, "letters/{provider}.xlsx")
    sheets = {name: list(_read_sheets(io.BytesIO(content))) for name, content in files.items()}
    assert sheets.pop("_for-your-own-use.xlsx") == ["For your own use"]
    assert sheets
    assert all(len(names) == 1 for names in sheets.values())
    files, _ = _write(recommend_says, folders_from, tmp_path, "letters/{provider}.md")
    assert files["_for-your-own-use.md"].startswith(b"## ")


def test_a_folder_for_no_letters_says_that_there_is_nothing_to_ask(recommend_says, folders_from, tmp_path):
    files, single = _write(recommend_says, folders_from, tmp_path, "letters/", needs="repairs,rental")
    assert files == {"_for-your-own-use.txt": single.encode()}


def test_a_folder_that_cannot_be_made_is_reported(recommend_says, folders_from, tmp_path):
    facts, rules = folders_from(tmp_path / "base")
    (tmp_path / "letters").write_text("a file")
    asked = f"recommend --needs repairs,test-rides --facts {facts} --rules {rules}"
    said = recommend_says(f"{asked} --format questions -o {tmp_path}/letters/")
    assert said.status != 0
    assert " is not a folder; choose another." in said.err


def test_the_buyers_file_has_a_name_that_no_provider_can_have(bicycles):
    _, letters = _letters(bicycles, needs=["repairs", "test-rides"])
    *sent, (name, kept) = split_letters(letters)
    assert [provider for provider, _ in sent] == [letter.provider for letter in letters.to_providers]
    assert name.startswith("_")
    assert kept.to_providers == ()
    assert all(part.effects == () for _, part in sent)


def test_a_workbook_with_nothing_to_ask_says_so():
    assert _read_sheets(io.BytesIO(write_letters(Letters((), ()), ".xlsx"))) == {
        "Questions": [[write_letters(Letters((), ())).strip()]]
    }


def test_with_nothing_to_ask_that_is_said(bicycles):
    _, letters = _letters(bicycles, needs=["repairs", "rental"])
    assert letters == Letters((), ())
    assert write_letters(letters).startswith("There is nothing to ask")
