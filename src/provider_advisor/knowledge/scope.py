"""Restrict a knowledge base to some providers and sources, and keep products open to existing customers.

For example, `Scope(without=("acme",), sources=("guide-2022",))` looks at what one guide says about all providers but
Acme. A provider about which none of the sources says anything takes no part.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from provider_advisor.bounded_cache import BoundedCache
from provider_advisor.errors import RequirementsError
from provider_advisor.knowledge.suggest import did_you_mean

if TYPE_CHECKING:
    from provider_advisor.knowledge.base import KnowledgeBase, Scope
    from provider_advisor.knowledge.records import Provider

_SHOWN = 80
_MOST_NAMED = 12
_BETWEEN_NAMES = re.compile(r"[,;\r\n]")


def split_names(text: str) -> list[str]:
    """Split a text from an option or a table into names of providers or sources; without any, it is one unknown name.

    >>> split_names("acme; other")
    ['acme', 'other']
    """
    return list_names(text) or [text]


def list_names(text: str) -> list[str]:
    """Return the names in a text, none where it has only separators: who lists none means all."""
    return [name.strip() for name in _BETWEEN_NAMES.split(text) if name.strip()]


def _put_in_order(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(names)))


def _narrow_scope(scope: Scope, outer: Scope) -> Scope:
    """Return the intersection of two scopes. Raises RequirementsError if it is empty."""
    found = {}
    for name in ("only", "sources"):
        # An empty part limits nothing, so that the other one holds alone.
        mine, theirs = getattr(scope, name), getattr(outer, name)
        both = [part for part in mine or theirs if part in (theirs or mine)]
        if (mine or theirs) and not both:
            raise RequirementsError(
                f"'{name}' names {', '.join(mine)}, but the knowledge base is limited to {', '.join(theirs)}."
            )
        found[name] = tuple(both)
    found["without"] = _put_in_order((*scope.without, *outer.without))
    found["customer_of"] = _put_in_order((*scope.customer_of, *outer.customer_of))
    return scope._replace(**found)


def read_scope(knowledge: KnowledgeBase, **given: str | Iterable[str]) -> Scope:
    """Return the scope with ids in place of the names, aliases and ids given, in any case.

    Raises RequirementsError with every name that is unknown or given twice with opposite meanings.
    """
    mistakes: list[str] = []
    found: dict[str, tuple[str, ...]] = {}
    for key, names in given.items():
        find = knowledge.find_source if key == "sources" else knowledge.find_provider
        ids = {name: find(name.strip()) for name in (split_names(names) if isinstance(names, str) else names)}
        mistakes += [_explain_unknown(key, name, knowledge) for name, part in ids.items() if part is None]
        found[key] = _put_in_order(part for part in ids.values() if part is not None)
    scope = knowledge.scope._replace(**found)
    mistakes += [
        f"'{name}' is in both 'only' and 'without'; remove it from one of them."
        for name in scope.only
        if name in scope.without
    ]
    if mistakes:
        raise RequirementsError(
            " ".join(part[0].upper() + part[1:] if at else part for at, part in enumerate(mistakes))
        )
    return scope


def _explain_unknown(key: str, name: str, knowledge: KnowledgeBase) -> str:
    if key == "sources":
        what, names, aliases = "source", sorted(knowledge.sources), list[str]()
    else:
        what, names = "provider", sorted(knowledge.providers)
        aliases = [alias for part in knowledge.providers.values() for alias in part.aliases]
    more = f" or {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    expected = f"one of {', '.join(names[:_MOST_NAMED])}{more}" if len(names) > 1 else "".join(names)
    hint = did_you_mean(name, [*names, *aliases])
    return f"unknown {what} '{name[:_SHOWN]}' in '{key}'; expected {expected}.{hint}"


def _choose_providers(providers: Mapping[str, Provider], scope: Scope) -> dict[str, Provider]:
    """Return the providers in a scope, with the claims of its sources. Raises RequirementsError where none is left."""
    chosen = {
        name: provider
        for name, provider in providers.items()
        if (not scope.only or name in scope.only) and name not in scope.without
    }
    if not chosen:
        named = (("only", scope.only), ("without", scope.without))
        limits = " and ".join(f"'{name}' names {', '.join(part)}" for name, part in named if part)
        raise RequirementsError(
            f"no provider is left to compare: {limits}; the knowledge base has {', '.join(providers)}."
        )
    if not scope.sources:
        return chosen
    limited = {name: _limit_sources(provider, scope.sources) for name, provider in chosen.items()}
    stated = {name: provider for name, provider in limited.items() if provider.claims}
    if not stated:
        raise RequirementsError(
            f"no claim about {', '.join(chosen)} comes from {', '.join(scope.sources)}; `recommend facts` lists the "
            "claims of each source."
        )
    return stated


def _limit_sources(provider: Provider, sources: Sequence[str]) -> Provider:
    """Return a provider as some sources describe it, without what only others announce of its products."""
    products = {}
    for name, given in provider.products.items():
        new = given.renamed
        product = given._replace(renamed=None) if new is not None and new.source not in {None, *sources} else given
        if product.source not in {None, *sources}:
            product = product._replace(until=None, closed_to_new=None, source=None, line=None, stated=None)
        products[name] = product
    claims = tuple(claim for claim in provider.claims if claim.source in sources)
    return provider._replace(claims=claims, products=products)


# Each team of a batch may have a scope of its own, and most share a few.
_parts: BoundedCache[tuple[str, str, Scope], KnowledgeBase] = BoundedCache(limit=16)


def take_part(knowledge: KnowledgeBase, **given: str | Iterable[str]) -> KnowledgeBase:
    """Return a part of a base as `KnowledgeBase.restrict` describes it. Raises RequirementsError."""
    whole = knowledge.whole or knowledge
    scope = _narrow_scope(read_scope(whole, **given), knowledge.scope)
    if scope == knowledge.scope:
        return knowledge
    return _parts.get_or_make((whole.fingerprint, whole.read_from, scope), lambda: _make_part(whole, scope))


def _make_part(whole: KnowledgeBase, scope: Scope) -> KnowledgeBase:
    return replace(
        whole,
        providers=_choose_providers(whole.providers, scope),
        # The fingerprint of a part names its content too: the whole base, and what was taken from it.
        fingerprint=hashlib.sha256(f"{whole.fingerprint} {scope}".encode()).hexdigest(),
        written=lambda: whole.questionnaire,  # read from the cache only if a part is asked for it
        scope=scope,
        whole=whole,
    )
