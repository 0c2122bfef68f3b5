"""Errors as a page or a program reads them: without advice that only helps at a terminal."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from markupsafe import Markup, escape
from pydantic_core import ErrorDetails

from provider_advisor.errors import AdvisorError, KnowledgeError, RequirementsError
from provider_advisor.explanation.words import begin_sentence, capital, shortened
from provider_advisor.faces.text import clean
from provider_advisor.knowledge.problems import describe_expected
from provider_advisor.knowledge.suggest import did_you_mean, name_words, nearest

_CODE = re.compile("`([^`]+)`")
_OPTIONS = re.compile(
    r"(?<=[.?]) [A-Z][^.?(]*[\s(]--[a-z].*"  # a sentence at the end: "… To continue, use --matches FILE."
    # a clause at the end: "…; choose one with --sheet.", "…; try --separator ';'."
    r"|; (?:[a-z:]+ )+--[a-z-]+(?: (?:\"[^\"]*\"|'[^']*'|\S+?))?(?=\.(?: |\Z))"
    r"| \([a-z][^()]*--[a-z][^()]*\)",  # in parentheses: "… (use --encoding if …)"
    re.DOTALL,
)
"""Advice on command options in an error."""

_ENCODING = re.compile(
    r"(?:add|use) --encoding(?: (?:utf-|cp)[0-9]+(?: \(Windows\))?)?(?:, or the file's own encoding)?"
)
"""Advice on the one option of a file that pages and the API have too."""

_LONGEST_SHOWN = 80
_COMMAND = re.compile("`recommend (criteria|facts|schema)`")
_IN_API = {"criteria": "`/api/v1/criteria`", "facts": "`/api/v1/facts`", "schema": "`/api/v1/schema/{kind}`"}
"""What a program uses in place of a command."""

_CODED_COMMAND = re.compile("<code>recommend (criteria|facts)</code>")
_PAGES = {"criteria": "the criteria", "facts": "the page of facts"}

_REQUEST = re.compile(r"\A(the )?request(:\d+)?: ")
"""Where a mistake in a request is reported; a request has no file name and no lines."""


def mark_code(text: object) -> Markup:
    """Return a text with the parts in backticks marked as code."""
    return Markup(_CODE.sub(r"<code>\1</code>", str(escape(text))))  # noqa: S704 (escaped before)


def show_sentence(text: str, *, linked: bool = True) -> Markup:
    """Return an error as a sentence."""
    return show_reason(begin_sentence(text), linked=linked)


def show_reason(text: str, *, linked: bool = True) -> Markup:
    """Return an error for a page: with a link in place of a command, and without advice on options.

    An error that is itself a link is not `linked`.
    """

    def name_page(found: re.Match[str]) -> str:
        name = _PAGES[found[1]]
        return f'<a href="/{found[1]}">{name}</a>' if linked else name

    shown = _CODED_COMMAND.sub(name_page, mark_code(_drop_options(text)))
    return Markup(shown)  # noqa: S704 (escaped before)


def _drop_options(sentence: str) -> str:
    """Return an error without its advice on options, which only helps at a terminal."""
    plain = _ENCODING.sub("say its text encoding", sentence.replace(" given by --encoding", " given"))
    return _OPTIONS.sub("", plain)


def tell_program(sentence: str, names: Mapping[str, str] = _IN_API) -> str:
    """Return an error for a program: with fields in place of options, and `names` in place of commands.

    >>> tell_program("'x' is not known. See `recommend criteria`.")
    "'x' is not known. See `/api/v1/criteria`."
    """
    return _COMMAND.sub(lambda found: names.get(found[1], found[0]), _drop_options(sentence))


def list_mistakes(error: AdvisorError) -> tuple[str, ...]:
    """Return the sentences of an error without the name of a file, which a request does not have."""
    mistakes = error.problems if isinstance(error, KnowledgeError | RequirementsError) else (str(error),)
    return tuple(clean(_drop_place(mistake)) for mistake in mistakes)


def _drop_place(mistake: str) -> str:
    told = _REQUEST.sub("", mistake)
    # A date has no quotes in YAML, but a request is JSON, where it must have them.
    return mistake if told == mistake else told.replace("YYYY-MM-DD without quotes", "YYYY-MM-DD")


_SUGGESTING = re.compile(r"Did you mean ([^?]+)\?|Similar in meaning: (.+?)\.(?= |\Z)|can mean (.+?);")
_SUGGESTED = re.compile(r"(?<!\S)'(.+?)'(?=[ ,]|\Z)")


def list_suggestions(sentences: Iterable[str]) -> list[str]:
    """Return the words that sentences on mistakes suggest, the nearest first.

    >>> list_suggestions(["unknown criterion 'smss'. Did you mean 'sms' or 'mms'?", "'fax' is not a date."])
    ['sms', 'mms']
    """
    found = (part for sentence in sentences for parts in _SUGGESTING.findall(sentence) for part in parts)
    return list(dict.fromkeys(word for part in found for word in _SUGGESTED.findall(part)))


def describe_unknown(name: str, known: Iterable[str]) -> str:
    """Return the sentence on a parameter that an operation does not have."""
    name = name[:_LONGEST_SHOWN]
    if name.startswith("weight."):
        return f"'{name}' gives a weight to what is not asked for; ask for it in `needs` or `wants`."
    return f"unknown parameter '{name}'.{did_you_mean(name, known)}"


def describe_left_out(names: Iterable[str], known: Iterable[str]) -> str:
    """Return the sentence of a page on parameters that it does not have.

    >>> describe_left_out(["neds", "zz"], ["needs", "wants"])
    "Not understood in the address, and left out: 'neds' (did you mean 'needs'?) and 'zz'."
    """
    known = [*known]
    told = [
        f"'{clean(name)[:_LONGEST_SHOWN]}'{f' (did you mean {name_words(near)}?)' if near else ''}"
        for name in names
        for near in [nearest(name, known, 2)]
    ]
    return f"Not understood in the address, and left out: {shortened(told)}."


def record_mistakes(sentences: Iterable[str], names: Mapping[str, str] = _IN_API) -> dict[str, list[str]]:
    """Return mistakes as JSON-ready data for a program; `names` as for `tell_program`."""
    told = [tell_program(sentence, names) for sentence in sentences]
    return {"mistakes": told, "did_you_mean": list_suggestions(told)}


def describe_fault(fault: ErrorDetails) -> str:
    """Return a pydantic error about a request as a sentence.

    >>> describe_fault({"type": "missing", "loc": ("header", "x-key"), "msg": "Field required"})
    'The header x-key is missing.'
    """
    kind, (part, *path) = fault["type"], fault["loc"]
    if not path or kind == "json_invalid":
        return _describe_body(fault)
    name = f"the header {path[0]}" if part == "header" else f"'{'.'.join(map(str, path))}'"
    if kind == "missing":
        return f"{capital(name)} is missing."
    if kind == "extra_forbidden":
        return f"unknown key {name[:_LONGEST_SHOWN]}."
    return f"{name}: {clean(describe_expected(fault))}."


def _describe_body(fault: ErrorDetails) -> str:
    kind = fault["type"]
    if kind == "json_invalid":
        return f"The body is not JSON: {fault['ctx']['error']} at character {fault['loc'][1]}."
    if kind == "missing":
        return "The body is missing."
    # curl and others declare any body as a form by default.
    if isinstance(fault.get("input"), bytes | str):
        return "The body was not read as JSON; send JSON with the header Content-Type: application/json."
    return f"The body: {clean(describe_expected(fault))}."
