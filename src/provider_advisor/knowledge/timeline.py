"""Follow the statements on one product and criterion in time: which of them hold on a day.

An example, with the day on which each was stated:

    2022-11-22  present
    2023-12-05  present, until 2024-12-05
    2024-03-01  absent, from 2026-12-06
    2024-10-21  present

On 2023-12-06 the product has it, and an end on 2024-12-05 is ahead. The statement of 2024-03-01 says nothing of the
time before 2026-12-06, but what was announced before and still lay ahead, the end in 2024, no longer counts. The last
one replaces everything: on any later day it is present, without an end.
"""

import datetime as dt
import itertools
from collections.abc import Iterable, Iterator, Sequence
from functools import reduce
from typing import NamedTuple

from provider_advisor.knowledge.records import Claim, Evidence, Notice, NoticeKind, Product
from provider_advisor.logic import Interval, Truth, all_of

# A contrast ("unlike the other, it has …") implies what it does not state; an ambiguous text admits another reading.
_STRENGTH: dict[Evidence, int] = {"stated": 2, "contrast": 1, "ambiguous": 0}


class View(NamedTuple):
    """The result of the claims on one product: those that hold, and whether they contradict.

    `truth` is that of a capability. `notices` are the ends and changes of what holds, past and ahead.
    """

    claims: tuple[Claim, ...]
    disputed: bool
    truth: Truth = Truth.UNKNOWN
    notices: tuple[Notice, ...] = ()


def build_view(
    claims: Sequence[Claim], day: dt.date, product: Product | None = None, *, is_customer: bool = False
) -> View:
    """Return the result on a day of claims that were all stated by then; the product may start and end by itself.

    What is closed to new customers is still there for a team that `is_customer` already.
    """
    # In the order in which they were stated, whatever day they begin on: the last one counts from its first day on.
    steps = _order_steps(claims)
    view = View((), disputed=False)
    ended: tuple[Claim, ...] = ()
    for step in steps:
        if step[0].starts <= day:
            view, ended = _update_view(view, ended, step, day)
    ahead = [claim for step in steps for claim in step if claim.starts > day]
    notices = [
        *_notice_claims(view.claims, ended, ahead, day),
        *_notice_withdrawn(view, ended, claims),
        *_notice_product(view.claims, product, day),
    ]
    over = {"product-ended"} if is_customer else {"product-ended", "closed-to-new"}
    if any(notice.kind in over and notice.day <= day for notice in notices):
        # A capability ended with the product; amounts of a product that is no longer sold are unknown.
        kept = tuple(claim for claim in view.claims if claim.value in {"present", "absent"})
        return View(kept, disputed=False, truth=Truth.NO if kept else Truth.UNKNOWN, notices=tuple(notices))
    truth = Truth.UNKNOWN
    if view.claims and not view.disputed:
        truth = all_of(Truth.YES if _read_value(claim, day) == "present" else Truth.NO for claim in view.claims)
    return view._replace(truth=truth, notices=tuple(notices))


def _order_steps(claims: Sequence[Claim]) -> list[tuple[Claim, ...]]:
    """Return the claims in the order of their statements, without announcements that a later statement replaced.

    A step is what one day's statements say of one day on.
    """
    steps: list[tuple[Claim, ...]] = []
    if len(claims) > 1:
        # Any order independent of the files; it is the order of reasons in an answer.
        claims = sorted(
            claims, key=lambda claim: (claim.stated, claim.source, claim.line or 0, str(claim._replace(where="")))
        )
    for stated, group in itertools.groupby(claims, key=lambda claim: claim.stated):
        said = sorted(group, key=lambda claim: claim.starts)
        strength = _measure_strength(said)
        # A weaker statement (a contrast after a statement) does not cancel what a stronger one announced.
        kept = [_forget_ahead(step, stated) if _measure_strength(step) <= strength else step for step in steps]
        steps = [step for step in kept if step]
        steps += [tuple(part) for _, part in itertools.groupby(said, key=lambda claim: claim.starts)]
    return steps


def _forget_ahead(step: tuple[Claim, ...], stated: dt.date) -> tuple[Claim, ...]:
    """Return the claims of a step without starts and ends that still lay ahead on the day of a later statement."""
    if step[0].starts > stated:
        return ()
    return tuple(
        claim._replace(until=None) if claim.until is not None and claim.until >= stated else claim for claim in step
    )


def _update_view(
    older: View, ended: tuple[Claim, ...], group: tuple[Claim, ...], day: dt.date
) -> tuple[View, tuple[Claim, ...]]:
    """Return what holds, and what ended: newer claims replace older ones, unless they are weaker and say otherwise."""
    gone = tuple(claim for claim in group if _has_ended(claim, day))
    holding = _keep_holding(group, gone)
    newer = View(holding, disputed=not _agree(holding, day))
    if _measure_strength(group) >= _measure_strength(older.claims):
        return newer, gone  # perhaps an empty view: when something ends, older statements do not count again
    if not holding:
        return older, ended
    # A newer but weaker claim does not replace the older ones; it agrees with them, or makes the fact disputed.
    both = older.claims + holding
    disputed = older.disputed or newer.disputed or not _agree(both, day)
    return View(both, disputed=disputed), (*ended, *gone)


def _keep_holding(group: Iterable[Claim], gone: Sequence[Claim]) -> tuple[Claim, ...]:
    """Return what still says something on the day, of claims of which some are `gone`."""
    is_over = any(claim.value == "present" for claim in gone)

    def holds(claim: Claim) -> bool:
        # A "present" that has ended stays, and is read as absent (`_read_value`); one of the same day that names no end
        # agrees with it, and is left out. Anything else that has ended, such as an amount, is not known any more.
        if claim.value == "present":
            return claim.until is not None or not is_over
        return claim not in gone

    return tuple(filter(holds, group))


def _has_ended(claim: Claim, day: dt.date) -> bool:
    return claim.until is not None and claim.until < day


def _measure_strength(claims: Iterable[Claim]) -> int:
    return max((_STRENGTH[claim.evidence] for claim in claims), default=-1)


def _agree(claims: Iterable[Claim], day: dt.date) -> bool:
    """Return whether all can be true at once."""
    claims = tuple(claims)
    amounts = [claim.amount for claim in claims if claim.amount is not None]
    if amounts:
        return not reduce(Interval.intersect, amounts).is_empty()
    return len({_read_value(claim, day) for claim in claims}) <= 1


def _read_value(claim: Claim, day: dt.date) -> object:
    """Return what a claim says on the day: what was present until an earlier day is absent."""
    return "absent" if claim.value == "present" and _has_ended(claim, day) else claim.value


def _notice_claims(
    holding: Iterable[Claim], ended: Iterable[Claim], ahead: Iterable[Claim], day: dt.date
) -> Iterator[Notice]:
    for claim in dict.fromkeys((*holding, *ended)):
        if claim.until is not None:
            yield _make_notice(claim, "ended" if claim.until < day else "ends", claim.until, claim)
    for claim in ahead:
        yield _make_notice(claim, "starts", claim.starts, claim)


def _notice_withdrawn(view: View, ended: Sequence[Claim], claims: Iterable[Claim]) -> Iterator[Notice]:
    """Yield the last end that was announced and taken back: what holds was said before that end, and has none."""
    # Said in March to end in December, and in June to be there without an end: the end was withdrawn in June.
    said = max(view.claims, key=lambda claim: claim.stated, default=None)
    is_open = all(claim.until is None and claim.value == "present" for claim in view.claims)
    if said is None or view.disputed or ended or not is_open:
        return
    ends = [(claim.stated, end, claim) for claim in claims if (end := _find_end(claim)) is not None]
    taken = [(stated, end, claim) for stated, end, claim in ends if stated < said.stated <= end]
    if taken:
        _, day, claim = max(taken, key=lambda part: part[:2])
        yield _make_notice(said, "withdrawn", day, claim)


def _find_end(claim: Claim) -> dt.date | None:
    """Return the last day on which a capability is there, by a claim on its end or on its absence from a later day."""
    if claim.value == "present":
        return claim.until
    is_ahead = claim.value == "absent" and claim.starts > claim.stated
    return claim.starts - dt.timedelta(days=1) if is_ahead else None


def _make_notice(said: Claim, kind: NoticeKind, day: dt.date, about: Claim) -> Notice:
    place = (said.provider, said.product, said.criterion)
    return Notice(*place, kind, day, said.stated, said.source, said.line, about._replace(where=""))


def _notice_product(holding: Sequence[Claim], product: Product | None, day: dt.date) -> Iterator[Notice]:
    """Yield the ends of a product, where there is something that ends with it."""
    if product is None or all(claim.value == "absent" for claim in holding):
        return
    place = (holding[0].provider, product.id, holding[0].criterion)
    new = product.renamed
    if new is not None and (new.stated is None or new.stated <= day):
        yield Notice(*place, "renamed" if new.day <= day else "renames", new.day, new.stated, new.source, new.line)
    if product.stated is not None and product.stated > day:
        return
    said = (product.stated, product.source, product.line)
    if product.until is not None:
        yield Notice(*place, "product-ended" if product.until < day else "product-ends", product.until, *said)
    if product.closed_to_new is not None and (product.until is None or product.until >= day):
        yield Notice(
            *place, "closed-to-new" if product.closed_to_new <= day else "closes-to-new", product.closed_to_new, *said
        )
