"""Letters to the providers, and apart from them what the answers would change.

A letter has only what a provider may read: a greeting, questions, and room for the answers. What these would change
names rivals and who leads, so it is said once, in a part for the buyer: behind all letters, or in a file of its own.
"""

from __future__ import annotations

import io
import re
import textwrap
from collections.abc import Container, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

from provider_advisor.errors import RequirementsError
from provider_advisor.explanation.answer_records import (
    AnswerRecord,
    OpenFactRecord,
    ProductGapRecord,
    ProviderRecord,
    UnlistedRecord,
)
from provider_advisor.explanation.verdict_in_words import group_questions
from provider_advisor.explanation.words import included_text, join_any
from provider_advisor.faces.report.markdown import escape
from provider_advisor.faces.text import clean_texts
from provider_advisor.knowledge import KnowledgeBase

NOTHING_TO_ASK = "There is nothing to ask: no provider's answer would change the recommendation."
_OPENING = (
    "We are comparing providers and found no clear, current answers to the questions below. Please answer each one, "
    "and name the page or document that confirms your answer."
)
ALSO = "Please also confirm"
_WHY_ALSO = "Our information on these is old, incomplete or missing."
_CONFIRMED = (
    "These are musts that are unknown, rest on facts that are out of date or are stated only for another product; "
    "confirm them before you choose."
)
FOR_BUYER, _FOR_BUYER_SHEET = "For your own use: what the answers would change", "For your own use"
_FOR_BUYER_FILE = "_for-your-own-use"
KEEP = "Keep this part to yourself, because it names the other providers. Send each provider only its own questions."
_RATED = "No provider can rate itself: try it, or ask its customers."
_BLANK = "_" * 20
_WIDTH = 80
_COLUMNS = (("Id", 16), ("Question", 60), ("Answer", 40), ("Source of the answer", 40))
_BUYER_COLUMNS = (("Questions", 40), ("What the answers would change", 110))
_LONGEST_CELL, _LONGEST_NAME = 32_767, 31
_FORBIDDEN = re.compile(r"[\[\]:*?/\\]|^'|'$")
_HEAD_ROW = 2
_LINE_HEIGHT, _MOST_LINES = 15, 27
"""In points; Excel allows a row 409."""


class ProviderQuestion(NamedTuple):
    """A question to a provider, with an id to answer by."""

    id: str
    text: str


class ProviderLetter(NamedTuple):
    """The questions to one provider. Nothing in it says how the provider stands, or names another.

    `also` are questions whose answers would not change the recommendation, but confirm what the team must have.
    """

    provider: str
    name: str
    questions: tuple[ProviderQuestion, ...]
    also: tuple[ProviderQuestion, ...] = ()


class AnswerEffect(NamedTuple):
    """What the answers to some questions would change, for the buyer alone: it names rivals and who leads."""

    ids: tuple[str, ...]
    says: str


class Letters(NamedTuple):
    """A letter to each provider with something to answer, and what all the answers would change."""

    to_providers: tuple[ProviderLetter, ...]
    effects: tuple[AnswerEffect, ...]


NO_LETTERS = Letters((), ())


def make_letters(answer: AnswerRecord, unlisted: Sequence[UnlistedRecord], knowledge: KnowledgeBase) -> Letters:
    """Return the letters to the providers, in the order of the answer, most useful questions first.

    `answer` says what could change it, and says more if it leaves out requirements that are not judged. What is
    `unlisted` is asked of each provider that is not ruled out.
    """
    # Questions are numbered by provider, such as acme-1. A fact in several groups of questions is asked once, and the
    # buyer's part refers to it by that number each time.
    letters, ids, confirmed = [], dict[tuple[str, str], str](), list[str]()
    for provider in answer.providers:
        asked = _list_asked(answer, provider, unlisted, knowledge)
        also = _list_also(answer, provider, asked, knowledge) if asked or provider.id in answer.verdict.named else {}
        numbered = tuple(
            ProviderQuestion(f"{provider.id}-{number}", text)
            for number, text in enumerate((*asked.values(), *also.values()), start=1)
        )
        questions, more = numbered[: len(asked)], numbered[len(asked) :]
        ids |= {(provider.id, about): question.id for about, question in zip(asked, questions, strict=True)}
        confirmed += [question.id for question in more]
        if numbered:
            letters.append(ProviderLetter(provider.id, provider.name, questions, more))
    effects = [*_list_effects(answer, unlisted, ids, knowledge)]
    effects += [AnswerEffect(tuple(confirmed), _CONFIRMED)] if confirmed else []
    return Letters(tuple(letters), tuple(effects))


def _list_asked(
    answer: AnswerRecord, provider: ProviderRecord, unlisted: Sequence[UnlistedRecord], knowledge: KnowledgeBase
) -> dict[str, str]:
    """Return the questions to a provider that could change the answer, by criterion, or by the text of a wish."""
    asked = {
        fact.criterion: _word_question(fact, knowledge)
        for part in answer.confirm
        for fact in part.facts
        if fact.provider == provider.id and not _is_rating(fact, knowledge)
    }
    wishes = unlisted if provider.standing != "ruled-out" else ()
    return asked | {_key_wish(wish): f'Do you offer "{wish.text}"?' for wish in wishes}


def _key_wish(wish: UnlistedRecord) -> str:
    # No criterion's id is that of a wish: ids have no brackets.
    return f"<{wish.text}>"


def _list_also(
    answer: AnswerRecord, provider: ProviderRecord, asked: Container[str], knowledge: KnowledgeBase
) -> dict[str, str]:
    """Return the questions to a provider that confirm musts and are not among those asked, by criterion."""
    musts = _list_doubtful_musts(answer, provider.id, knowledge)
    also = {fact.criterion: _word_question(fact, knowledge) for fact in musts if fact.criterion not in asked}
    for gap in answer.product_gaps:
        if gap.provider == provider.id and gap.priority == "must" and gap.criterion not in asked:
            also.setdefault(gap.criterion, _word_gap(gap, knowledge))
    return also


def _list_effects(
    answer: AnswerRecord,
    unlisted: Sequence[UnlistedRecord],
    ids: Mapping[tuple[str, str], str],
    knowledge: KnowledgeBase,
) -> Iterator[AnswerEffect]:
    """Yield what the answers to questions would change, then the wishes that are not judged.

    `ids` are those of the questions, by provider and by what each is about.
    """
    for group in group_questions(answer):
        facts = [fact for part in group.parts for fact in part.facts]
        asked_by = tuple(ids[fact.provider, fact.criterion] for fact in facts if not _is_rating(fact, knowledge))
        yield AnswerEffect(asked_by, group.says if len(asked_by) == len(facts) else f"{group.says} {_RATED}")
    for wish in unlisted:
        if numbers := tuple(found for (_, about), found in ids.items() if about == _key_wish(wish)):
            says = f"{wish.text} ({wish.priority}): this is not judged, so weigh the answers yourself."
            yield AnswerEffect(numbers, says)


def _list_doubtful_musts(answer: AnswerRecord, provider: str, knowledge: KnowledgeBase) -> Iterator[OpenFactRecord]:
    """Yield the musts that are unknown or out of date at a provider that is not ruled out."""
    stale = {part.criterion: part.as_of for part in answer.knowledge.stale if part.provider == provider}
    standings = {part.id: part.standing for part in answer.providers}
    for finding in answer.findings if standings[provider] != "ruled-out" else ():
        if finding.provider != provider or finding.priority != "must" or finding.criterion is None:
            continue
        criterion, stated = knowledge.criteria[finding.criterion], stale.get(finding.criterion)
        if (finding.outcome == "unknown" or stated) and not (
            criterion.computed or criterion.any_of or criterion.kind == "rating"
        ):
            yield OpenFactRecord(
                provider=provider,
                criterion=criterion.id,
                label=criterion.label,
                disputed=finding.disputed,
                stated=stated,
                question="",
            )


def _word_gap(gap: ProductGapRecord, knowledge: KnowledgeBase) -> str:
    """Return the question on a must that is stated for another product than those that meet the other musts."""
    products = knowledge.providers[gap.provider].products
    names = [products[name].name for name in dict.fromkeys(name for part in gap.beside for name in part.products)]
    return f'Do you offer "{knowledge.criteria[gap.criterion].label}" with {join_any(names)} too?'


def _is_rating(fact: OpenFactRecord, knowledge: KnowledgeBase) -> bool:
    return knowledge.criteria[fact.criterion].kind == "rating"


def _word_question(fact: OpenFactRecord, knowledge: KnowledgeBase) -> str:
    """Return the question to put to the provider itself: `Do you offer "Fax"?`, `Seats: up to how many seats?`.

    It tells no bound: the exact amount says whether the bound is met, and a provider that knows it may just say yes.
    """
    remarks = [] if fact.stated is None else [f"Our information is from {fact.stated}."]
    remarks += ["Our sources contradict each other."] if fact.disputed else []
    question = _word_question_alone(fact, knowledge)
    return f"{question} ({' '.join(remarks)})" if remarks else question


def _word_question_alone(fact: OpenFactRecord, knowledge: KnowledgeBase) -> str:
    """Return the question without remarks on what is known."""
    criterion = knowledge.criteria[fact.criterion]
    if criterion.kind == "capability":
        return f'Do you offer "{criterion.label}"?'
    label = f"{criterion.label}{included_text(knowledge.list_claims(fact.provider, fact.criterion))}"
    unit = (criterion.unit or "").replace("/", " per ")
    if unit[:1].islower():  # things, not a currency or a scale of its own
        return f"{label}: {'up to ' if criterion.limit else ''}how many {unit}?"
    return f"{label}: how much{f', in {unit}' if unit else ''}?"


# The letters as files: text, Markdown or a workbook, with room for each answer and its source


def split_letters(letters: Letters) -> Iterator[tuple[str, Letters]]:
    """Yield each letter with its provider, then the buyer's part, to write a file for each.

    The name of the buyer's part begins with an underscore, which no provider's id has.
    """
    for letter in letters.to_providers:
        yield letter.provider, Letters((letter,), ())
    yield _FOR_BUYER_FILE, Letters((), letters.effects)


def write_letters(letters: Letters, extension: str = "") -> str | bytes:
    """Return the letters and the buyer's part, as a file with this extension has them: a workbook, Markdown, else text.

    Questions are numbered, each with room for the answer and its source. Raises RequirementsError if XlsxWriter is not
    installed.
    """
    if extension == ".xlsx":
        return _write_workbook(letters)
    if letters == NO_LETTERS:
        return f"{NOTHING_TO_ASK}\n"
    is_markdown = extension in {".md", ".markdown"}
    cleaned = clean_texts(letters)
    lines = [line for letter in cleaned.to_providers for line in _write_letter(letter, markdown=is_markdown)]
    lines += _write_effects(cleaned.effects, markdown=is_markdown)
    wrap = partial(textwrap.fill, width=_WIDTH, break_long_words=False, break_on_hyphens=False)
    return "\n".join(lines if is_markdown else map(wrap, lines))


def _write_letter(letter: ProviderLetter, *, markdown: bool) -> Iterator[str]:
    shown = escape if markdown else str
    title, greeting = f"Questions for {shown(letter.name)}", f"Dear {shown(letter.name)} team,"
    yield from (f"## {title}" if markdown else title, "", greeting, "", _OPENING, "")
    heading = (f"### {ALSO}" if markdown else ALSO, "", _WHY_ALSO, "") if letter.questions else ()
    for question in (*letter.questions, *letter.also):
        yield from heading if letter.also and question == letter.also[0] else ()
        yield f"**{question.id}** {shown(question.text)}  " if markdown else f"{question.id}  {question.text}"
        yield from (f"Answer: {_BLANK}{'  ' if markdown else ''}", f"Source: {_BLANK}", "")
    yield from ("Kind regards", "")


def _write_effects(effects: Sequence[AnswerEffect], *, markdown: bool) -> Iterator[str]:
    if effects:
        yield from (f"## {FOR_BUYER}" if markdown else FOR_BUYER, "", KEEP, "")
    for effect in effects:
        ids = ", ".join(effect.ids)
        before = (f"**{ids}**: " if markdown else f"{ids}: ") if ids else ""
        yield from (f"{before}{escape(effect.says) if markdown else effect.says}", "")


def _write_workbook(letters: Letters) -> bytes:
    try:
        import xlsxwriter  # noqa: PLC0415 (an extra, and few letters are workbooks)
    except ImportError as error:
        raise RequirementsError(
            "writing a workbook needs XlsxWriter, which is not installed; install provider-advisor[excel], or choose a "
            "file such as letters.md."
        ) from error
    content = io.BytesIO()
    with xlsxwriter.Workbook(content, {"in_memory": True}) as book:
        if letters == NO_LETTERS:
            book.add_worksheet("Questions").write_string(0, 0, NOTHING_TO_ASK)
        taken = {_FOR_BUYER_SHEET.casefold()}
        for letter in letters.to_providers:
            rows: list[tuple[str | None, ...]]
            rows = [(question.id, question.text, None, None) for question in letter.questions]
            rows += [("", f"{ALSO}: {_WHY_ALSO}", "", "")] if letter.questions and letter.also else []
            rows += [(question.id, question.text, None, None) for question in letter.also]
            title, name = f"Questions for {letter.name}", _name_sheet(letter.name, taken)
            _write_sheet(book, name, (title, _OPENING), _COLUMNS, rows)
        if letters.effects:
            effects = [(", ".join(effect.ids), effect.says) for effect in letters.effects]
            _write_sheet(book, _FOR_BUYER_SHEET, (FOR_BUYER, KEEP), _BUYER_COLUMNS, effects)
    return content.getvalue()


def _name_sheet(name: str, taken: set[str]) -> str:
    """Return a provider's name as a valid sheet name that is not yet taken."""
    plain = _FORBIDDEN.sub(" ", name)[:_LONGEST_NAME].strip() or "Provider"
    found, number = plain, 1
    while found.casefold() in taken or found.casefold() == "history":  # reserved by Excel
        number += 1
        found = f"{plain[: _LONGEST_NAME - len(str(number)) - 1]} {number}"
    taken.add(found.casefold())
    return found


def _write_sheet(
    book: Any,  # noqa: ANN401 (XlsxWriter has no types)
    name: str,
    heads: tuple[str, str],
    columns: Sequence[tuple[str, int]],
    rows: Sequence[Sequence[str | None]],
) -> None:
    """Write a sheet with a title, a line below it, and a table; None is a cell to fill in."""
    sheet = book.add_worksheet(name)
    title, head = book.add_format({"bold": True, "font_size": 14}), book.add_format({"bold": True, "bottom": 1})
    wrapped = book.add_format({"text_wrap": True, "valign": "top"})
    to_fill = book.add_format({"text_wrap": True, "valign": "top", "bg_color": "#FFF9DB", "border": 1})
    sheet.write_string(0, 0, heads[0], title)
    sheet.write_string(1, 0, heads[1])
    sheet.freeze_panes(_HEAD_ROW + 1, 0)
    for column, (heading, width) in enumerate(columns):
        sheet.set_column(column, column, width)
        sheet.write_string(_HEAD_ROW, column, heading, head)
    for number, row in enumerate(rows, _HEAD_ROW + 1):
        # LibreOffice leaves rows without a height at one line, and prints wrapped lines over one another.
        lines = (len(textwrap.wrap(text or "", width)) for text, (_, width) in zip(row, columns, strict=True))
        sheet.set_row(number, _LINE_HEIGHT * min(max(1, *lines), _MOST_LINES))
        for column, text in enumerate(row):
            if text is None:
                sheet.write_blank(number, column, None, to_fill)
            else:  # a text is never a formula or a link, whatever it begins with
                sheet.write_string(number, column, text[:_LONGEST_CELL], wrapped)
    sheet.autofilter(_HEAD_ROW, 0, _HEAD_ROW + len(rows), len(columns) - 1)
    sheet.fit_to_pages(1, 0)
    sheet.set_landscape()
