"""Write the lists of countries, currencies and languages into facts/members/, from ISO's codes and Unicode's names.

    pip install -e '.[members]' && python tools/make_members.py

pycountry has the codes (ISO 3166-1, 4217 and 639-1) and the names in the standards; Babel has the English names that
people use (CLDR). The program itself needs neither: it reads the files that this writes.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import pycountry
from babel import Locale

MEMBERS = Path(__file__).parent.parent / "facts" / "members"
ENGLISH = Locale("en")
_READ_OTHERWISE = {"no", "on", "off", "yes", "y", "n", "true", "false", "null"}

# What people type besides the names and codes of the standards.
SPOKEN = {
    "country": {
        "ae": ["uae", "emirates"],
        "ar": ["argentinian"],
        "at": ["austrian"],
        "au": ["australian"],
        "bd": ["bangladeshi"],
        "be": ["belgian"],
        "bg": ["bulgarian"],
        "br": ["brazilian"],
        "ca": ["canadian"],
        "cd": ["dr-congo"],
        "ch": ["swiss"],
        "ci": ["ivory-coast"],
        "cl": ["chilean"],
        "cn": ["chinese"],
        "co": ["colombian"],
        "cz": ["czech-republic"],
        "de": ["german"],
        "dk": ["danish"],
        "ee": ["estonian"],
        "eg": ["egyptian"],
        "es": ["spanish"],
        "fi": ["finnish"],
        "fr": ["french"],
        "gb": ["uk", "great-britain", "britain", "british"],
        "gh": ["ghanaian"],
        "gr": ["greek"],
        "hk": ["hong-kong"],
        "hr": ["croatian"],
        "hu": ["hungarian"],
        "id": ["indonesian"],
        "ie": ["irish"],
        "il": ["israeli"],
        "in": ["indian"],
        "it": ["italian"],
        "jp": ["japanese"],
        "ke": ["kenyan"],
        "kr": ["korea", "korean"],
        "lt": ["lithuanian"],
        "lv": ["latvian"],
        "mk": ["macedonia"],
        "mo": ["macau", "macao"],
        "mx": ["mexican"],
        "my": ["malaysian"],
        "ng": ["nigerian"],
        "nl": ["holland", "dutch"],
        "no": ["norwegian"],
        "pe": ["peruvian"],
        "ph": ["philippine"],
        "pk": ["pakistani"],
        "pl": ["polish"],
        "pt": ["portuguese"],
        "ro": ["romanian"],
        "ru": ["russian"],
        "se": ["swedish"],
        "sg": ["singaporean"],
        "th": ["thai"],
        "tr": ["turkey", "turkish"],
        "tz": ["tanzanian"],
        "ua": ["ukrainian"],
        "ug": ["ugandan"],
        "us": ["usa", "america", "american"],
        "va": ["vatican"],
        "vn": ["vietnamese"],
        "za": ["south-african"],
    },
    "currency": {"usd": ["dollar"], "eur": ["euros"], "gbp": ["pound", "sterling"], "cny": ["renminbi", "rmb"]},
    "language": {"zh": ["mandarin"], "es": ["castilian"], "nl": ["flemish"], "fa": ["farsi"]},
}


class Entry(NamedTuple):
    """One member: its id, its name, and all names that it may also answer to, the best first."""

    id: str
    label: str
    names: tuple[str, ...]


def list_countries() -> Iterator[Entry]:
    """Yield the countries and territories of ISO 3166-1."""
    for country in pycountry.countries:
        names = [getattr(country, part, "") for part in ("name", "common_name", "official_name", "alpha_3")]
        yield Entry(country.alpha_2.lower(), _name(ENGLISH.territories, country.alpha_2, country.name), tuple(names))


def list_currencies() -> Iterator[Entry]:
    """Yield the currencies of ISO 4217, without precious metals and units of account."""
    for currency in pycountry.currencies:
        if not currency.alpha_3.startswith("X") or currency.alpha_3 in {"XAF", "XOF", "XPF", "XCD"}:
            label = _name(ENGLISH.currencies, currency.alpha_3, currency.name)
            yield Entry(currency.alpha_3.lower(), label, (currency.name,))


def list_languages() -> Iterator[Entry]:
    """Yield the languages that have a code of two letters in ISO 639-1."""
    for language in pycountry.languages:
        if hasattr(language, "alpha_2"):
            label = _name(ENGLISH.languages, language.alpha_2, language.name)
            yield Entry(language.alpha_2, label, (language.name, language.alpha_3))


def _name(names: Mapping[str, str], code: str, otherwise: str) -> str:
    return unicodedata.normalize("NFC", str(names.get(code, otherwise))).replace("\u2019", "'")


def _slug(name: str) -> str:
    """Return a name as an id: plain letters in lower case, joined by hyphens."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().casefold()
    return "-".join(re.findall(r"[a-z0-9]+", plain.replace("'", "")))


def _fold(label: str) -> str:
    return label.casefold().replace(" ", "-")


def write_list(name: str, label: str, question: str, entries: Iterable[Entry]) -> None:
    """Write one list; a word that two members could answer to goes to neither, unless it is the id or label of one."""
    known = sorted(entries)
    taken = {entry.id: entry.id for entry in known}
    for entry in known:
        taken.setdefault(_fold(entry.label), entry.id)
    wanted: dict[str, list[str]] = {}
    for entry in known:
        for word in (*map(_slug, (entry.label, *entry.names)), *SPOKEN[name].get(entry.id, ())):
            if word and entry.id not in wanted.setdefault(word, []):
                wanted[word].append(entry.id)
    lines = [f"# Written by tools/make_members.py.\nid: {name}\nlabel: {label}\nquestion: {question}\nmembers:"]
    for entry in known:
        words = [word for word, owners in wanted.items() if owners == [entry.id] and word not in taken]
        aliases = f", aliases: [{', '.join(map(_quote, words))}]" if words else ""
        lines.append(f"- {{id: {_quote(entry.id)}, label: {_quote(entry.label)}{aliases}}}")
    (MEMBERS / f"{name}.yaml").write_text("\n".join(lines) + "\n", "utf-8")


def _quote(text: str) -> str:
    """Return a text as YAML: `no` is Norway, and must not be read as false."""
    is_plain = re.fullmatch(r"[A-Za-z][\w -]*", text) and text not in {
        "no",
        "on",
        "off",
        "yes",
        "y",
        "n",
        "true",
        "false",
        "null",
    }
    return text if is_plain else '"' + text.replace('"', '\\"') + '"'


if __name__ == "__main__":
    MEMBERS.mkdir(exist_ok=True)
    write_list("country", "Countries", "In which countries?", list_countries())
    write_list("currency", "Currencies", "In which currencies?", list_currencies())
    write_list("language", "Languages", "In which languages?", list_languages())
