"""Either/or and must-not in every face: text, Markdown, HTML, JSON and its replay, and the files of a batch."""

import json

import polars as pl
import pytest

_ASKED = '--needs "sms|whatsapp" --needs whiteboard=no --as-of 2022-12-31 --no-robustness'


@pytest.mark.parametrize("form", ["text", "markdown", "html"])
def test_what_is_asked_is_shown_as_it_was_meant(recommend_says, form):
    said = " ".join(recommend_says(f"recommend {_ASKED} --format {form}").out.split())
    assert "SMS or WhatsApp" in said
    assert "absent" in said
    assert "Vonage is recommended" in said


def test_a_record_names_the_parts_and_replays_to_the_same_answer(recommend_says, tmp_path):
    place = tmp_path / "then.json"
    place.write_text(recommend_says(f"recommend {_ASKED} --format json").out, encoding="utf-8")
    record = json.loads(place.read_text(encoding="utf-8"))
    assert record["question"]["needs"] == [{"any": ["sms", "whatsapp"]}, {"criterion": "whiteboard", "is": "absent"}]
    asked = {part["criterion"]: (part["bound"], part["any"]) for part in record["requirements"]}
    assert asked == {"sms|whatsapp": (None, ["sms", "whatsapp"]), "whiteboard": ({"is": "absent"}, None)}
    assert "The answer is the same" in recommend_says(f"recommend replay {place} --as-of 2022-12-31").out


def test_a_batch_reads_both_in_every_kind_of_file(recommend_says, tmp_path):
    words = ["sms|whatsapp", "whiteboard=no"]
    mappings = [{"any": ["sms", "whatsapp"]}, {"criterion": "whiteboard", "is": "absent"}]
    sources = [tmp_path / f"teams.{end}" for end in ("csv", "jsonl", "parquet")]
    sources[0].write_text(f'team,needs\nt,"{",".join(words)}"\n', encoding="utf-8")
    sources[1].write_text(json.dumps({"team": "t", "needs": mappings}) + "\n", encoding="utf-8")
    pl.DataFrame({"team": ["t"], "needs": [words]}).write_parquet(sources[2])
    found = []
    for source in sources:
        target = source.with_suffix(".out.parquet")
        recommend_says(f"recommend batch {source} {target} --reasons --as-of 2022-12-31")
        found.append(pl.read_parquet(target).to_dicts())
    assert found[0] == found[1] == found[2]
    assert (found[0][0]["provider"], found[0][0]["twilio.unmet"]) == ("vonage", ["whiteboard=no"])
    assert found[0][0]["reasons"] == ["whiteboard=no"]


def test_the_schema_of_requirements_knows_both(recommend_says):
    schema = json.loads(recommend_says("recommend schema requirements").out)
    assert {"any", "priority", "weight"} == set(schema["$defs"]["ChoiceShape"]["properties"])
    assert schema["$defs"]["RequirementShape"]["properties"]["is"]["description"] == "the criterion must be absent"
