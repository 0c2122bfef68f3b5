"""Restrict a knowledge base to some providers and sources, and keep products open to existing customers.

For example, `Scope(without=("acme",), sources=("guide-2022",))` looks at what one guide says about all providers but
Acme. A provider about which none of the sources says anything takes no part.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from provider_advisor.errors import RequirementsError
from provider_advisor.knowledge.records import Provider
from provider_advisor.knowledge.suggest import did_you_mean

_SHOWN = 80
_MOST_NAMED = 12
_BETWEEN_NAMES = re.compile(r"[,;\r\n]")


class Scope(NamedTuple):
    """The scope of an answer, by ids: `only` some providers, all `without` some, the claims of some `sources`.

    Empty parts do not limit anything. `customer_of` are providers that the team is already a customer of: their
    products that are closed to new customers stay open to it.
    """

    only: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    customer_of: tuple[str, ...] = ()


EVERYTHING = Scope()


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


def narrow_scope(scope: Scope, outer: Scope) -> Scope:
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


class KnownNames(NamedTuple):
    """What can be named in a scope: `what` it is, its ids and other names, and how a name finds an id."""

    what: str
    find: Callable[[str], str | None]
    ids: Sequence[str]
    aliases: Sequence[str] = ()

    def explain_unknown(self, key: str, name: str) -> str:
        """Return what is wrong with a name in a part of a scope."""
        more = f" or {len(self.ids) - _MOST_NAMED} more" if len(self.ids) > _MOST_NAMED else ""
        expected = f"one of {', '.join(self.ids[:_MOST_NAMED])}{more}" if len(self.ids) > 1 else "".join(self.ids)
        hint = did_you_mean(name, [*self.ids, *self.aliases])
        return f"unknown {self.what} '{name[:_SHOWN]}' in '{key}'; expected {expected}.{hint}"


def read_scope(
    given: Mapping[str, str | Iterable[str]], scope: Scope, sources: KnownNames, providers: KnownNames
) -> Scope:
    """Return the scope with ids in place of the names, aliases and ids given, in any case.

    Raises RequirementsError with every name that is unknown or given twice with opposite meanings.
    """
    mistakes: list[str] = []
    found: dict[str, tuple[str, ...]] = {}
    for key, names in given.items():
        known = sources if key == "sources" else providers
        ids = {name: known.find(name.strip()) for name in (split_names(names) if isinstance(names, str) else names)}
        mistakes += [known.explain_unknown(key, name) for name, part in ids.items() if part is None]
        found[key] = _put_in_order(part for part in ids.values() if part is not None)
    scope = scope._replace(**found)
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


def choose_providers(providers: Mapping[str, Provider], scope: Scope) -> dict[str, Provider]:
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
