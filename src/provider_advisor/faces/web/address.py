"""The address is the state: what a team asks as the query of a URL, and back.

For example `needs=sms,number-countries>=90&wants=fax:could&usage.sms-outbound=500&as_of=2026-11-28`. The names are the
columns of a batch; besides them, `weight.sms=5` gives a requirement a weight of its own. Forms write one field for each
criterion instead (`c.sms=must`, `b.number-countries=>=90`), and are redirected to the canonical address of the same
question: sorted, by ids, without defaults and unknown names.
"""

# A parameter is a list (`needs=sms,fax`), a text (`as_of=2026-11-28`), a wish in the team's own words, or of a family:
#
#     situation.developers=none      an answer on what the team is like
#     usage.sms-outbound=500         a monthly volume
#     weights.video=40               how much an area counts, in percent
#     c.fax=must, b.fax=…            fields of a form: what is asked of a criterion, and its limit
#     weight.sms=5                   how much one requirement counts
#
# All but the last become data as in a requirements file, whose reader finds what they mean. Only then is it known which
# criteria are required, and a weight of any other means nothing.

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, quote, urlencode

from starlette.datastructures import QueryParams

from provider_advisor.errors import KnowledgeError, RequirementsError
from provider_advisor.knowledge import KnowledgeBase
from provider_advisor.logic import Number
from provider_advisor.requirements import Requirement, Statement, bound_words, split_list, statement_record
from provider_advisor.requirements.grammar import BOUND_SIGNS, read_weight
from provider_advisor.requirements.requirements_file import read_requirements_data
from provider_advisor.requirements.statement import Mistakes, list_unwanted
from provider_advisor.requirements.unlisted import read_unlisted
from provider_advisor.written_values import plain

Query = Sequence[tuple[str, str]]

ABSENT_TICK = "absent"
"""The form's value for a criterion that must be absent, in place of a priority."""

PASTED_FIELD, READ_FIELD, LEFT_OUT = "list", "read", "left_out"
PAGE_FIELDS = frozenset(["q", "sure", PASTED_FIELD, READ_FIELD, LEFT_OUT])
"""Parameters of pages that are no part of the question: a search, how sure the answer is, a list that is being typed,
one that was read, and names that were not understood."""

_LISTS = ("needs", "wants", "only", "without", "sources", "customer_of")
_TEXTS = ("team", "as_of", "max_age")
_FAMILIES = ("situation", "usage", "weights", "weight", "c", "b")
_LONGEST_NAME, _MOST_UNKNOWN = 40, 5
_PLAIN = re.compile(r"[0-9]{1,15}(\.[0-9]{1,2}|\.[0-9]{4,9})?")
"""A number with only one meaning: 5.000 may be five or five thousand."""
_SAFE = ":,;=@.-_~!"


class AddressQuestion(NamedTuple):
    """What an address asks: the statement, and the parameters that are unknown."""

    statement: Statement
    unknown: tuple[str, ...] = ()


def read_address(query: Query, knowledge: KnowledgeBase, known: Iterable[str] = ()) -> AddressQuestion:
    """Return what a query asks; `known` are the names that a page reads itself.

    Raises RequirementsError with every mistake.
    """
    mistakes = Mistakes()
    # A form sends fields that were left empty, and they are skipped below; of its own, a page takes the last value.
    given = [(name, text) for name, text in query if text.strip() or name in known]
    mistakes.problems += describe_repeated(given, partial(_takes_one, known=known))
    found = _sort_parameters(query, known, mistakes)
    statement = mistakes.note(_read_data, _make_data(found, knowledge), knowledge)
    if statement is None or mistakes.problems:
        raise RequirementsError(*mistakes.problems)
    own = {knowledge.find_criterion(name) or name: _read_weight(text) for name, text in found.list_family("weight")}
    asked = mistakes.note_all(partial(_weigh, own, knowledge), statement.team.requirements)
    mistakes.raise_any()
    required = {part.criterion for part in asked}
    unused = [f"weight.{name}" for name in own if name not in required]
    team = statement.team._replace(requirements=tuple(asked))
    return AddressQuestion(statement._replace(team=team), tuple(dict.fromkeys([*found.unknown, *unused])))


class _Parameters(NamedTuple):
    """The parameters of an address: the plain ones by name, those of families by family and name, and unknown names."""

    plain: dict[str, Any]
    families: dict[str, dict[str, list[str]]]
    unknown: list[str]

    def list_family(self, family: str) -> list[tuple[str, str]]:
        """Return the names in a family that takes one value for each, with their values."""
        return [(name, texts[-1]) for name, texts in self.families[family].items()]


def _sort_parameters(query: Query, known: Iterable[str], mistakes: Mistakes) -> _Parameters:
    found = _Parameters({}, {name: {} for name in _FAMILIES}, [])
    for name, text in query:
        head, dot, rest = name.partition(".")
        if not text.strip():
            continue  # a field that was left empty
        if name in _LISTS:
            found.plain.setdefault(name, []).extend(mistakes.note(_split, name, text) or ())
        elif name in _TEXTS:
            found.plain[name] = text.strip()
        elif name == "unlisted":
            found.plain.setdefault(name, []).append(text)
        elif dot and head == "situation":
            found.families[head].setdefault(rest, []).extend(mistakes.note(_split, name, text) or ())
        elif dot and head in found.families:
            found.families[head].setdefault(rest, []).append(text.strip())
        elif name not in known:
            found.unknown.append(name)
    return found


def _split(name: str, text: str) -> list[str]:
    """Return the entries of a parameter's list. Raises RequirementsError if one of them is empty."""
    try:
        return split_list(text)
    except RequirementsError as error:
        if name in {"needs", "wants"}:
            raise
        raise RequirementsError(
            f"'{name}' is '{text[:80]}', which has an empty entry; expected values separated by commas."
        ) from error


def _make_data(found: _Parameters, knowledge: KnowledgeBase) -> dict[str, Any]:
    """Return what parameters say as data of a requirements file, without what is empty."""
    ticks = _read_ticks(found.families["c"], found.families["b"], knowledge)
    data = {
        **found.plain,
        "wants": [*found.plain.get("wants", ()), *ticks],
        "situation": {topic: words for topic, words in found.families["situation"].items() if words},
        "usage": {item: _read_number(text) for item, text in found.list_family("usage")},
        "weights": {area: _read_weight(text) for area, text in found.list_family("weights")},
    }
    return {key: value for key, value in data.items() if value}


def _takes_one(name: str, known: Iterable[str]) -> bool:
    """Return whether a parameter has one value; all others may be repeated, to add to their lists."""
    head, dot, _ = name.partition(".")
    family = bool(dot) and head in _FAMILIES and head != "situation"
    return name in _TEXTS or family or (name in known and name not in {READ_FIELD, LEFT_OUT})


def describe_repeated(query: Query, takes_one: Callable[[str], bool]) -> list[str]:
    """Return a sentence on each parameter that takes one value and has several; equal ones do not matter."""
    given = dict.fromkeys((name, text.strip()) for name, text in query)
    counts = Counter(name for name, _ in given if takes_one(name))
    return [f"the parameter '{name}' has {count} values; keep one." for name, count in counts.items() if count > 1]


def _weigh(weights: Mapping[str, Number | str], knowledge: KnowledgeBase, part: Requirement) -> Requirement:
    """Return a requirement with the weight that the address gives it, if any. Raises RequirementsError."""
    if part.criterion not in weights:
        return part
    return part._replace(weight=read_weight(weights[part.criterion], knowledge.criteria[part.criterion]))


def _read_data(data: Mapping[str, Any], knowledge: KnowledgeBase) -> Statement:
    """Return the statement in data; raises RequirementsError with what is wrong with each part of it.

    An invalid date or number would hide mistakes in the words, so each part is then read by itself. Needs and wants are
    one part: what a word means may depend on the others.
    """
    try:
        return read_requirements_data(data, "request", knowledge)
    except (KnowledgeError, RequirementsError) as error:
        problems = [*error.problems]
        words = {name: data[name] for name in ("needs", "wants") if name in data}
        for part in (words, *({name: value} for name, value in data.items() if name not in words)):
            try:
                read_requirements_data(part, "request", knowledge, whole=False)
            except (KnowledgeError, RequirementsError) as found:
                problems += found.problems
        raise RequirementsError(*dict.fromkeys(problems)) from error


_TOLD = {
    "needs": "what the provider must have, separated by commas: `sms,number-countries>=90,fax=no`; "
    "`weight.sms=5` gives one of them a weight of its own",
    "wants": "what it should have, written in the same way; `fax:could` matters least",
    "unlisted": "a requirement that no criterion covers, in the team's own words; can be repeated",
    "as_of": "YYYY-MM-DD: use the facts as of this date; default: today",
    "max_age": "leave out facts older than this, such as `365d`",
    "only": "providers to compare, separated by commas; default: all",
    "without": "providers to leave out, separated by commas",
    "sources": "sources to use, separated by commas; default: all",
    "customer_of": "providers that the team is already a customer of, separated by commas",
    "team": "a name for the team",
}
_SEVERAL = " (several, separated by commas)"


def describe_query(knowledge: KnowledgeBase) -> list[dict[str, Any]]:
    """Return the parameters of a question in OpenAPI's form, for generated clients."""
    areas = sorted({criterion.area for criterion in knowledge.criteria.values()})
    told = {
        **_TOLD,
        **{
            f"situation.{topic.id}": f"{topic.question} {', '.join(topic.values)}{_SEVERAL * topic.many}"
            for topic in knowledge.topics.values()
        },
        **{f"usage.{item.id}": f"{item.question} A number" for item in knowledge.usage.values()},
        **{f"weights.{area}": f"percentage of the total weight for the area {area}" for area in areas},
    }
    text = {"type": "string"}
    schemas = {"unlisted": {"type": "array", "items": text}}
    return [
        {"name": name, "description": says, "schema": schemas.get(name, text), "in": "query", "required": False}
        for name, says in told.items()
    ]


def _read_ticks(
    ticks: Mapping[str, Sequence[str]], bounds: Mapping[str, Sequence[str]], knowledge: KnowledgeBase
) -> Iterator[str]:
    """Yield the fields of a form as requirements in the grammar of the command line.

    A limit without a sign is the worst acceptable value: at least that many, at most that price.
    """
    # c.number-countries=must    b.number-countries=90      ->  number-countries>=90:must
    # c.sms-outbound-price=should  b.sms-outbound-price=0.01  ->  sms-outbound-price<=0.01:should
    # c.fax=absent                                          ->  fax=no:must
    for name, texts in ticks.items():
        bound = bounds.get(name, [""])[-1]
        if texts[-1] == ABSENT_TICK:
            yield f"{name}=no:must"
        elif not bound or bound[0] in "<>=":
            yield f"{name}{bound}:{texts[-1]}"
        else:
            found = knowledge.criteria.get(knowledge.find_criterion(name) or "")
            sign = "=" if found is None or found.values else "<=" if found.lower_is_better else ">="
            yield f"{name}{sign}{bound}:{texts[-1]}"


def _read_number(text: str) -> Number | str:
    """Return a plain number as it is; anything else is read or refused as in a requirements file."""
    return (int(text) if text.isdigit() else float(text)) if _PLAIN.fullmatch(text) else text


def _read_weight(text: str) -> Number | str:
    """Return a number as it is; anything else is refused as in a requirements file."""
    try:
        return plain(float(text))
    except ValueError:
        return text


def write_address(statement: Statement, knowledge: KnowledgeBase) -> str:
    """Return the canonical query of a statement: equal statements have equal addresses."""
    fields = _list_fields(statement, knowledge)
    return "&".join(f"{quote(name, safe=_SAFE)}={quote(text, safe=_SAFE)}" for name, text in fields)


def write_page_address(asked: AddressQuestion, knowledge: KnowledgeBase, query: QueryParams) -> str:
    """Return the canonical query of a question, with the parameters that only pages read.

    The names of unknown ones are at its end, where a script cuts them off once the page has told of them.
    """
    own = [(name, text) for name, text in query.multi_items() if name in PAGE_FIELDS and text]
    own += [(LEFT_OUT, name[:_LONGEST_NAME]) for name in asked.unknown[:_MOST_UNKNOWN]]
    own.sort(key=lambda field: field[0] == LEFT_OUT)
    return "&".join(filter(None, (write_address(asked.statement, knowledge), urlencode(own))))


def is_canonical(address: str, query: QueryParams) -> bool:
    """Return whether a query is the canonical one of its question, however it is escaped."""
    return parse_qsl(address) == query.multi_items()


def _list_fields(statement: Statement, knowledge: KnowledgeBase) -> Iterator[tuple[str, str]]:
    """Yield the parameters of a question: `needs=fax|whatsapp,number-countries>=90`, `as_of=2026-11-28`."""
    record, team = statement_record(statement, knowledge), statement.team
    asked = [*team.requirements, *list_unwanted(team)]
    needs = [_write_requirement(part, "must", knowledge) for part in asked if part.priority == "must"]
    wants = [_write_requirement(part, "should", knowledge) for part in asked if part.priority != "must"]
    # Sorted, because a team may state requirements in any order, and one question has one address.
    yield from ((name, ",".join(sorted(parts))) for name, parts in (("needs", needs), ("wants", wants)) if parts)
    for wish in team.unlisted:
        # The text alone, unless its end would be read as a priority: "loan phones:should" is a must only with ":must".
        yield "unlisted", wish.text if read_unlisted(wish.text) == wish else f"{wish.text}:{wish.priority}"
    yield from list_weights(team.requirements)
    yield from ((f"situation.{topic}", ",".join(words)) for topic, words in record.get("situation", {}).items())
    for family in ("usage", "weights"):
        yield from ((f"{family}.{name}", _write_amount(amount)) for name, amount in record.get(family, {}).items())
    yield from ((name, ",".join(record[name])) for name in _LISTS[2:] if name in record)
    yield from ((name, record[name]) for name in _TEXTS if name in record)


def list_weights(requirements: Iterable[Requirement]) -> list[tuple[str, str]]:
    """Return the parameters of the weights that requirements have of their own: `weight.sms=5`."""
    found = [(part.criterion, part.weight) for part in requirements if part.weight is not None]
    return [(f"weight.{criterion}", _write_amount(weight)) for criterion, weight in sorted(found)]


def _write_amount(amount: Number | str) -> str:
    return amount if isinstance(amount, str) else f"{amount:.12g}"


def _write_requirement(part: Requirement, default: str, knowledge: KnowledgeBase) -> str:
    """Return a requirement in the grammar of the command line; its bounds with the signs of `write_bounds`."""
    suffix = "" if part.priority == default else f":{part.priority}"
    # The grammar has no range; two requirements become one again when read.
    return ",".join(f"{part.code}{bound}{suffix}" for bound in write_bounds(part, knowledge) or [""])


def write_bounds(part: Requirement, knowledge: KnowledgeBase) -> list[str]:
    """Return the ends of a requirement's bound as they are typed: `>=90`."""
    words = bound_words(part.bound, knowledge.criteria[part.criterion])
    return [f"{BOUND_SIGNS[key]}{end}" for key, end in words.items() if key in BOUND_SIGNS]
