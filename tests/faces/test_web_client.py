"""A client that is generated from the contract of the API asks everything that a program may ask."""

from __future__ import annotations

import asyncio
import importlib
import io
import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

pytest.importorskip("fastapi", reason="the extra 'web' is not installed")

from starlette.testclient import TestClient

from provider_advisor import recommend
from provider_advisor.faces.web.app import create_app
from provider_advisor.faces.web.runs import RunFolder
from provider_advisor.store import open_store

pytestmark = pytest.mark.skipif(
    find_spec("openapi_python_client") is None, reason="openapi-python-client is not installed"
)


@pytest.fixture(scope="module")
def runs(tmp_path_factory, pytestconfig):
    folder = pytestconfig.rootpath / "tests" / "knowledge" / "bicycles"
    return RunFolder((str(folder / "facts"), str(folder / "rules")), tmp_path_factory.mktemp("runs") / "all")


@pytest.fixture(scope="module")
def made(bicycles, runs, tmp_path_factory):
    """The name of the package of a client, which is made without a warning, and the client itself."""
    folder = tmp_path_factory.mktemp("client")
    app = create_app(bicycles, runs=runs, store=open_store(str(folder / "decisions.db")))
    contract = folder / "openapi.json"
    contract.write_text(json.dumps(app.openapi()), encoding="utf-8")
    command = "generate --meta none --fail-on-warning --path openapi.json --output-path made_client".split()
    found = subprocess.run(
        [sys.executable, "-m", "openapi_python_client", *command],
        cwd=folder,
        env=os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (found.returncode, found.stderr) == (0, ""), found.stdout
    with pytest.MonkeyPatch.context() as patch, TestClient(app) as web:
        patch.syspath_prepend(str(folder))
        client = importlib.import_module("made_client").Client("http://testserver", raise_on_unexpected_status=True)
        yield client.set_httpx_client(web)


@pytest.fixture
def ask(made):
    """A function that calls an operation by its place and name, and returns what came back as data."""

    def call(place, *arguments, **fields):
        operation = importlib.import_module(f"made_client.api.{place}")
        return operation.sync_detailed(*arguments, client=made, **fields)

    return call


def _model(name):
    return getattr(importlib.import_module("made_client.models"), name)


def test_a_question_is_asked_by_the_names_of_its_parts(ask, bicycles):
    found = ask(
        "answers.get_recommendation",
        needs="repairs,bikes-in-stock>=50",
        wants="test-rides:could",
        unlisted=["warm tea", "a map"],
        situation_skill="beginner",
        usage_inspections="3",
    )
    alone = recommend(
        bicycles,
        needs=["repairs", "bikes-in-stock>=50"],
        wants=["test-rides:could"],
        unlisted=["warm tea", "a map"],
        situation={"skill": ["beginner"]},
        usage={"inspections": 3},
    )
    assert json.loads(found.content) == json.loads(alone.to_json())
    assert found.parsed.verdict.reason == alone.explanation.verdict.reason


def test_what_cannot_be_read_comes_as_a_problem(ask):
    found = ask("answers.get_recommendation", needs="rapairs")
    assert (found.status_code, type(found.parsed).__name__) == (422, "Problem")
    assert found.parsed.mistakes[0].startswith("unknown criterion 'rapairs'. Did you mean 'repairs'?")


def test_a_questionnaire_goes_on_from_its_answers(ask):
    screen = ask("answers.post_ask", body=_model("AskRequest")()).parsed
    given = _model("AskRequestValuesType0").from_dict({screen.screen.questions[0].key: ["services"]})
    again = ask("answers.post_ask", body=_model("AskRequest")(answers=screen.answers, values=given))
    assert again.status_code == 200
    assert again.parsed.answers.to_dict() != screen.answers.to_dict()


def test_an_answer_is_replayed_and_kept(ask):
    team = _model("PostRecommendationTeam").from_dict({"needs": ["repairs"]})
    answer = ask("answers.post_recommendation", body=team, sure=True).parsed
    record = _model("PostReplayRecord").from_dict(answer.to_dict())
    assert ask("answers.post_replay", body=record).parsed["verdict_differs"] is False
    question = _model("KeepRequestQuestion").from_dict({"needs": ["repairs"]})
    kept = ask("decisions.post_decision", body=_model("KeepRequest")(question=question, title="club")).parsed
    assert ask("decisions.get_decision", kept.id).parsed.title == "club"
    assert ask("decisions.delete_decision", kept.id, x_key=kept.key).status_code == 204


def test_a_file_is_sent_and_its_scores_and_rejects_come_back(ask, runs):
    file = importlib.import_module("made_client.types").File(io.BytesIO(b"team,needs\none,repairs\ntwo,wings\n"))
    begun = ask("many_teams.post_batch", body=file).parsed
    assert asyncio.run(runs.wait(begun.id, 60)).is_done
    assert ask("many_teams.get_batch", begun.id).parsed.state == "done"
    assert ask("many_teams.get_scores", begun.id).parsed.payload.read().splitlines()[1].startswith(b"one,")
    assert "wings" in ask("many_teams.get_rejects", begun.id).parsed


@pytest.mark.parametrize("what", ["criteria", "providers", "facts", "compare", "rules", "sources"])
def test_what_is_known_is_listed(ask, what):
    assert ask(f"knowledge.get_{what}").parsed
