"""Which products to take, and what to know about the evidence that decides."""

from __future__ import annotations

import itertools

from hypothesis import given, settings
from worlds import DAY, SAME_EVERY_RUN, SOURCE, Said, capability, decided, knowledge_of, worlds

from provider_advisor.explanation.findings_in_words import list_caveats
from provider_advisor.explanation.products import find_products, list_gaps, record_choices, record_product_gaps
from provider_advisor.logic import Truth
from provider_advisor.recommendation import answer
from provider_advisor.requirements import Requirement, Statement, Team

_REGION = capability("region")._replace(same_product=("all",))
_CRITERIA = [capability("board"), capability("calls"), capability("fax")]


def _musts(*names):
    return Team(tuple(Requirement(name, "must") for name in names), {}, {})


def _found(team, **claims):
    return decided(knowledge_of(_CRITERIA, {"ada": claims}), team)


def test_one_product_that_meets_all_is_taken_alone():
    calls = [Said("present", product="basic"), Said("present", product="extra")]
    decision = _found(_musts("calls", "fax"), calls=calls, fax=Said("present", product="basic"))
    assert find_products(decision) == {"ada": [["basic"]]}
    assert record_choices(decision)[1] == {"ada": "basic"}


def test_a_must_from_another_product_is_named():
    claims = {"calls": Said("present", product="basic"), "fax": Said("present", product="basic")}
    decision = _found(_musts("calls", "fax", "board"), board=Said("present", product="extra"), **claims)
    assert find_products(decision) == {"ada": [["basic", "extra"]]}
    assert record_choices(decision)[1] == {"ada": "basic, plus extra for board"}


def test_all_the_smallest_sets_are_there():
    both = [Said("present", product="basic"), Said("present", product="extra")]
    assert find_products(_found(_musts("calls"), calls=both)) == {"ada": [["basic"], ["extra"]]}


def test_a_product_that_lacks_it_is_not_chosen():
    calls = [Said("present", product="basic"), Said("absent", product="extra")]
    assert find_products(_found(_musts("calls"), calls=calls)) == {"ada": [["basic"]]}


def test_what_the_provider_has_as_a_whole_needs_no_product():
    assert find_products(_found(_musts("calls"), calls=Said("present", product=None))) == {"ada": []}
    assert find_products(_found(_musts("calls"), calls=Said("absent", product="basic"))) == {"ada": []}


def _chosen(team, *criteria, **claims):
    """What is to be chosen at Ada: the sets, the products for the wishes, and the sentence."""
    decision = decided(knowledge_of([*_CRITERIA, *criteria], {"ada": claims}), team)
    records, said = record_choices(decision)
    return (records[0].sets, records[0].wishes, said["ada"]) if records else None


def _asked(*musts, wishes=()):
    parts = [*(Requirement(name, "must") for name in musts), *(Requirement(name, "should") for name in wishes)]
    return Team(tuple(parts))


def test_products_for_wishes_are_told_apart_from_those_for_the_musts():
    claims = {"calls": Said("present", product="basic"), "fax": Said("present", product="extra")}
    said = "basic; also, for the wishes: extra for fax"
    assert _chosen(_asked("calls", wishes=["fax"]), **claims) == ([["basic"]], ["extra"], said)
    assert _chosen(_asked(wishes=["calls", "fax"]), **claims)[:2] == ([["basic", "extra"]], [])


def test_of_products_that_each_meet_the_musts_the_one_that_meets_a_wish_too_is_chosen():
    claims = {"calls": [Said("present", product=name) for name in ("basic", "extra")], "fax": Said("present")}
    assert _chosen(_asked("calls", wishes=["fax"]), **claims) == ([["basic"]], [], "basic")
    assert _chosen(_asked("calls", wishes=["board"]), **claims)[0] == [["basic"], ["extra"]]


def test_a_quality_chooses_between_products_and_adds_none():
    claims = {"calls": Said("present", product="extra"), "region": Said("present", product="basic")}
    for team in (_asked("calls", "region"), _asked("calls", wishes=["region"]), _asked(wishes=["calls", "region"])):
        assert _chosen(team, _REGION, **claims) == ([["extra"]], [], "extra")
    assert _chosen(_asked("region"), _REGION, **claims)[0] == [["basic"]], "where nothing else is asked"
    both = claims | {"calls": [Said("present", product=name) for name in ("basic", "extra")]}
    assert _chosen(_asked("calls", "region"), _REGION, **both)[0] == [["basic"]]
    doubtful = both | {"region": [claims["region"], Said("present", evidence="ambiguous", product="extra")]}
    assert _chosen(_asked("calls", "region"), _REGION, **doubtful)[0] == [["basic"]]


def test_musts_that_no_product_is_known_to_meet_are_told():
    claims = {"fax": Said("present", product="extra")}
    known = "no product is known"
    assert (
        _chosen(_asked("calls", wishes=["fax"]), **claims)[2]
        == f"{known} to meet the musts; for the wishes: extra for fax"
    )
    assert _chosen(_asked("calls", "fax"), **claims)[2] == f"extra; {known} for calls"
    assert _chosen(_asked("calls"), **claims) is None
    whole = claims | {"calls": Said("present", product=None)}
    assert _chosen(_asked("calls", wishes=["fax"]), **whole)[2] == "extra", "the provider as a whole has calls"


@settings(SAME_EVERY_RUN, max_examples=100)
@given(worlds())
def test_the_products_chosen_meet_every_must_that_products_meet(world):
    decision = decided(world.knowledge, world.team)
    records, said = record_choices(decision)
    chosen = {record.provider: record for record in records}
    assert chosen.keys() == said.keys()
    for assessment in decision.outcome.assessments:
        record = chosen.get(assessment.provider)
        own = [part for part in assessment.findings if part.products and part.requirement.priority == "must"]
        own = [part for part in own if not world.knowledge.criteria[part.requirement.criterion].same_product]
        for taken in record.sets if record else ():
            assert all(part.products & set(taken) for part in own)
        assert record or not own


def _meeting(finding, evidence=("stated", "contrast", "ambiguous")):
    """The products that each meet a requirement, those of its parts for a choice; None among them if it takes none."""
    parts = [part.degree.fact for part in finding.degree.parts]
    if finding.requirement is None or finding.requirement.is_absence:
        return set()
    if not all(part.asked.present for part in finding.degree.parts):
        return {None}
    facts = parts or [finding.degree.fact]
    claims = [claim for fact in facts if fact for claim in fact.claims if claim.evidence in evidence]
    return {claim.product for claim in claims if claim.value != "absent"}


@settings(SAME_EVERY_RUN, max_examples=100)
@given(worlds())
def test_each_set_meets_what_is_met_and_none_of_its_parts_does(world):
    decision = decided(world.knowledge, world.team)
    for assessment in decision.outcome.assessments:
        met = [_meeting(finding) for finding in assessment.findings if finding.outcome == "met"]
        met = [products for products in met if products and None not in products]
        for taken in find_products(decision)[assessment.provider]:
            assert all(products & set(taken) for products in met)
            smaller = itertools.combinations(taken, len(taken) - 1)
            assert not any(all(products & set(part) for products in met) for part in smaller if met)


def _gaps(*criteria, **claims):
    knowledge = knowledge_of([_REGION, *criteria], {"ada": claims})
    decision = decided(knowledge, _musts("region", *(criterion.id for criterion in criteria)))
    return decision, [gap.says for gap in record_product_gaps(decision)]


def test_a_region_of_another_product_than_the_one_with_video_is_said_in_the_verdict():
    decision, said = _gaps(
        capability("video"), region=Said("present", product="basic"), video=Said("present", product="extra")
    )
    assert said == ["Ada: region is stated for basic, not for extra (video)."]
    reason = answer(decision.facts.knowledge, Statement(decision.outcome.team, DAY)).explanation.verdict.reason
    assert reason.endswith("; but region is stated only for another product, so ask Ada first.")


def test_a_product_that_meets_two_musts_is_named_once():
    """Extra is needed for video, and it sends faxes too: that plus may do so as well says nothing more."""
    fax = [Said("present", product="extra"), Said("present", product="plus")]
    criteria = [capability("fax"), capability("video")]
    claims = {"region": Said("present", product="basic"), "fax": fax, "video": Said("present", product="extra")}
    assert _gaps(*criteria, **claims)[1] == ["Ada: region is stated for basic, not for extra (video and fax)."]


def test_what_is_stated_for_the_same_products_is_said_in_one_sentence():
    agreement = capability("agreement")._replace(same_product=("area",))
    claims = {name: Said("present", product="basic") for name in ("region", "agreement")}
    claims["video"] = Said("present", product="extra")
    knowledge = knowledge_of([_REGION, agreement, capability("video")], {"ada": claims})
    team = decided(knowledge, _musts("region", "agreement", "video")).outcome.team
    found = answer(knowledge, Statement(team, DAY)).explanation
    assert len(found.product_gaps) == 2
    assert list_gaps(found) == ["Ada: agreement and region are stated for basic, not for extra (video)."]


def test_of_several_that_may_each_be_chosen_the_gaps_are_said_in_a_clause_of_its_own():
    claims = {"region": Said("present", product="basic"), "video": Said("present", product="extra")}
    names = {"ada": claims, "bob": claims}
    knowledge = knowledge_of([_REGION, capability("video"), capability("fax")], names)
    team = decided(knowledge, _musts("region", "video", "fax")).outcome.team
    assert answer(knowledge, Statement(team, DAY)).explanation.verdict.reason == (
        "Undetermined: Ada and Bob may each meet every must, but neither of them is known to; for Ada and Bob, "
        "a must is stated only for a product other than the one you would choose, so ask first."
    )


def test_a_region_of_the_whole_provider_or_of_one_product_that_does_the_rest_is_no_gap():
    video = [Said("present", product="basic"), Said("present", product="extra")]
    whole = Said("present", product=None)
    assert _gaps(capability("video"), region=whole, video=video)[1] == []
    assert _gaps(capability("video"), region=Said("present", product="basic"), video=video)[1] == []
    assert (
        _gaps(capability("video"), region=Said("present", product="basic"), video=Said("present", product=None))[1]
        == []
    )


def test_only_the_areas_that_a_criterion_names_have_to_be_met_by_its_product():
    calls, texts = (capability(name)._replace(area=name) for name in ("calls", "texts"))
    emergency = capability("emergency")._replace(same_product=("calls",))
    claims = {"emergency": Said("present", product="basic")}
    claims |= {name: Said("present", product="extra") for name in ("calls", "texts")}
    decision = decided(knowledge_of([emergency, calls, texts], {"ada": claims}), _musts("emergency", "calls", "texts"))
    assert [gap.says for gap in record_product_gaps(decision)] == [
        "Ada: emergency is stated for basic, not for extra (calls)."
    ]


def test_of_two_that_each_have_to_be_of_the_same_product_one_is_told():
    agreement = capability("agreement")._replace(same_product=("all",))
    said = _gaps(agreement, region=Said("present", product="basic"), agreement=Said("present", product="extra"))[1]
    assert said == ["Ada: agreement is stated for extra, not for basic (region)."]


def test_a_product_of_which_a_text_may_say_it_is_told_apart_from_the_one_that_it_is_stated_for():
    said = [Said("present", evidence="ambiguous", product="extra"), Said("present", product="basic")]
    decision, told = _gaps(capability("video"), region=said, video=Said("present", product="extra"))
    assert told == ["Ada: region is stated for basic, and ambiguous for extra (video)."]
    assert [part.ambiguous for gap in record_product_gaps(decision) for part in gap.beside] == [True]
    finding = answer(decision.facts.knowledge, Statement(decision.outcome.team, DAY)).explanation.findings[0]
    assert finding.says == "has it (basic; probably also extra)"
    whole = [said[0]._replace(product=None), said[1]]
    assert _gaps(capability("video"), region=whole, video=Said("present", product="extra"))[1] == told
    assert _gaps(capability("video"), region=said[:1], video=Said("present", product="extra"))[1] == []


def test_a_wish_of_another_product_is_marked_and_not_said_in_the_verdict():
    claims = {"region": Said("present", product="basic"), "calls": Said("present", product="extra")}
    team = Team((Requirement("calls", "must"), Requirement("region", "should")))
    decision = decided(knowledge_of([_REGION, capability("calls")], {"ada": claims}), team)
    gaps = record_product_gaps(decision)
    assert [gap.says for gap in gaps] == ["Ada: region (a wish) is stated for basic, not for extra (calls)."]
    found = answer(decision.facts.knowledge, Statement(team, DAY)).explanation
    assert "region" not in found.verdict.reason
    assert [found.has_gap(part) for part in found.findings] == [False, True]


def test_without_musts_wishes_are_looked_at_beside_each_other():
    claims = {"region": Said("present", product="basic"), "calls": Said("present", product="extra")}
    team = Team((Requirement("calls", "could"), Requirement("region", "should")))
    decision = decided(knowledge_of([_REGION, capability("calls")], {"ada": claims}), team)
    assert [gap.criterion for gap in record_product_gaps(decision)] == ["region"]


def _find_gaps(assessment, knowledge):
    """The pairs of musts of which no product is stated to meet both, found from the claims, one by one."""
    musts, stated = {}, {}
    for finding in assessment.findings:
        requirement = finding.requirement
        if requirement and requirement.priority == "must" and finding.degree.truth is Truth.YES:
            musts.setdefault(requirement.criterion, _meeting(finding))
            plain = _meeting(finding, ("stated", "contrast")) or musts[requirement.criterion]
            if plain and None not in plain:
                stated.setdefault(requirement.criterion, plain)
    pairs = {
        (name, other)
        for name in stated
        for other in musts.keys() - {name}
        if knowledge.criteria[name].same_product and musts[other] and None not in musts[other]
        if not any(product in musts[other] for product in stated[name])
    }
    return {(name, other) for name, other in pairs if (other, name) not in pairs or name < other}


@settings(SAME_EVERY_RUN, max_examples=100)
@given(worlds())
def test_gaps_are_the_pairs_of_musts_that_no_product_meets_alone(world):
    decision = decided(world.knowledge, world.team)
    told = {
        (gap.provider, gap.criterion, part.criterion)
        for gap in record_product_gaps(decision)
        for part in gap.beside
        if gap.priority == "must"
    }
    expected = {
        (assessment.provider, *pair)
        for assessment in decision.outcome.assessments
        if assessment.standing != "ruled-out"
        for pair in _find_gaps(assessment, world.knowledge)
    }
    assert told == expected


def test_notes_are_told_where_they_decide():
    both = {"fax": Said("present"), "calls": Said("present")}
    knowledge = knowledge_of(_CRITERIA, {"ada": both, "bob": {"calls": Said("present")}})
    ada = knowledge.providers["ada"]
    noted = ada._replace(claims=tuple(claim._replace(note=f"{claim.criterion} read twice") for claim in ada.claims))
    sources = {SOURCE.id: SOURCE._replace(note="machine-translated")}
    parts = (sources, knowledge.criteria, {**knowledge.providers, "ada": noted}, knowledge.topics, knowledge.usage)
    knowledge = type(knowledge)(*parts, knowledge.rules, knowledge.policy, fingerprint="noted")
    found = answer(knowledge, Statement(_musts("calls", "fax"), DAY, None)).explanation
    assert list_caveats(found, knowledge) == [
        "Ada, fax: fax read twice.",
        'Source "A paper": machine-translated; no publisher named.',
    ]
