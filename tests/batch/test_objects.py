"""Objects of a store that speaks S3, which is started here: read by block, no row lost, no secret shown."""

from __future__ import annotations

from functools import partial

import boto3
import polars as pl
import pytest
from moto.server import ThreadedMotoServer

from provider_advisor.batch.reading import Limits, open_inputs
from provider_advisor.batch.remote import stores
from provider_advisor.batch.remote.stores import StoredObject, find_object
from provider_advisor.errors import BatchFailure

_SECRET = "topsecret"  # noqa: S105 (of a store that lives for a second)


@pytest.fixture(scope="module")
def server():
    """A store on this machine."""
    found = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    found.start()
    host, port = found.get_host_and_port()
    yield f"http://{host}:{port}"
    found.stop()


@pytest.fixture
def bucket(server, monkeypatch):
    """A bucket, `teams`, which the environment says how to reach."""
    for name, value in {
        "AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": _SECRET, "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": server, "AWS_EC2_METADATA_DISABLED": "true",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_CA_BUNDLE", raising=False)
    client = boto3.client("s3", endpoint_url=server)
    client.create_bucket(Bucket="teams")
    return client


@pytest.fixture
def run(run_command):
    """A function to the exit status of `recommend batch`, and what it said: no secret."""
    return partial(run_command, secrets=[_SECRET])


_NAMES = {"csv": "a b.csv", "jsonl": "teams.jsonl", "parquet": "teams.parquet"}


@pytest.mark.parametrize("form", _NAMES)
def test_an_object_is_answered_as_a_file_of_its_bytes(run, bucket, tmp_path, form):
    rows = [{"team": f"team-{i}", "needs": "no-such-thing" if i % 10 == 7 else "voice-api"} for i in range(5_000)]
    frame, file = pl.DataFrame(rows), tmp_path / f"teams.{form}"
    {"csv": frame.write_csv, "jsonl": frame.write_ndjson, "parquet": frame.write_parquet}[form](file)
    bucket.put_object(Bucket="teams", Key=_NAMES[form], Body=file.read_bytes())
    url = f"s3://teams/{_NAMES[form].replace(' ', '%20')}"
    assert run(file, tmp_path / "one.csv")[0] == 3
    assert run(url, tmp_path / "other.csv")[0] == 3
    assert (tmp_path / "other.csv").read_text() == (tmp_path / "one.csv").read_text()
    one, other = (pl.read_csv(tmp_path / f"{name}.rejects.csv") for name in ("one", "other"))
    assert other.drop("file").equals(one.drop("file"))
    assert set(other["file"]) == {url}


def test_blocks_follow_each_other_from_any_place_on(bucket, bicycles):
    body = b"team,needs\n" + b"".join(b"team-%d,repairs\n" % i for i in range(2_000))
    bucket.put_object(Bucket="teams", Key="t.csv", Body=body)
    inputs = open_inputs(("s3://teams/t.csv",), bicycles, None, b",", Limits(block=4_096))
    blocks = [piece.parse() for piece in inputs.pieces()]
    assert len(blocks) > 3
    assert sum(block.rows.num_rows for block in blocks) == 2_000
    again = [piece.parse() for piece in inputs.pieces(blocks[1].end)]
    assert [block.rows for block in again] == [block.rows for block in blocks[2:]]


def test_an_object_that_changes_while_it_is_read_is_a_failure(bucket, bicycles):
    bucket.put_object(Bucket="teams", Key="t.csv", Body=b"team,needs\n" + b"a,repairs\n" * 2_000)
    pieces = open_inputs(("s3://teams/t.csv",), bicycles, None, b",", Limits(block=4_096)).pieces()
    next(pieces)
    bucket.put_object(Bucket="teams", Key="t.csv", Body=b"team,needs\n" + b"a,repairs\n" * 2_001)
    with pytest.raises(BatchFailure, match="was changed while it was being read"):
        list(pieces)


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("s3://teams/none.csv", "does not exist"),
        ("s3://nobody/teams.csv", "does not exist"),
        ("s3://teams", "is not an object"),
        ("s3://teams/a b.csv", "cannot be used"),
        ("s3://key:topsecret@teams/t.csv?unknown=topsecret", "Unexpected query parameter"),
        ("s3://key:top/secret@teams/t.csv", "percent-encode it"),
        ("s3://key:topsecret@teams/t", "cannot tell the format"),
        ("ftp://key:topsecret@teams/t.csv", "cannot be read"),
    ],
)
def test_a_wrong_address_gets_one_sentence(run, bucket, tmp_path, url, sentence):
    bucket.put_object(Bucket="teams", Key="t", Body=b"needs\nfax\n")
    status, said = run(url, tmp_path / "scores.csv")
    assert (status, sentence in said, "secret" in said, said.count("\n")) == (2, True, False, 1), said


def test_a_store_that_nobody_can_reach_gets_one_sentence(run, tmp_path, monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, _SECRET)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    status, said = run("s3://teams/t.csv", tmp_path / "scores.csv")
    assert (status, "cannot be reached" in said, said.count("\n")) == (1, True, 1), said


# Outputs

_ROWS = "team,needs\na,voice-api\nb,no-such-thing\nc,whiteboard\n"


@pytest.fixture
def teams(tmp_path):
    """A file of three teams, one of them without an answer."""
    (tmp_path / "teams.csv").write_text(_ROWS)
    return tmp_path / "teams.csv"


def _list_objects(bucket):
    return sorted(found["Key"] for found in bucket.list_objects_v2(Bucket="teams").get("Contents", []))


def _read_object(bucket, key):
    return bucket.get_object(Bucket="teams", Key=key)["Body"].read()


@pytest.fixture
def emptied(bucket):
    """The bucket without objects of other tests."""
    for key in _list_objects(bucket):
        bucket.delete_object(Bucket="teams", Key=key)
    return bucket


@pytest.mark.parametrize("name", ["scores.csv", "deep/er/scores.parquet", "scores.xlsx"])
def test_outputs_in_a_store_are_those_of_files(run, emptied, teams, tmp_path, name):
    here = tmp_path / name.rpartition("/")[2]
    assert run(teams, here, "--summary", tmp_path / "sums.json", "--as-of", "2022-12-31")[0] == 3
    status, said = run(teams, f"s3://teams/{name}", "--summary", "s3://teams/sums.json", "--as-of", "2022-12-31")
    assert (status, f"in s3://teams/{name.rpartition('.')[0]}.rejects.csv" in " ".join(said.split())) == (3, True), said
    assert _list_objects(emptied) == sorted([name, f"{name.rpartition('.')[0]}.rejects.csv", "sums.json"])
    if here.suffix != ".xlsx":  # which holds the time at which it was made
        assert _read_object(emptied, name) == here.read_bytes()
    assert _read_object(emptied, "sums.json") == (tmp_path / "sums.json").read_bytes()


def test_rejects_of_an_earlier_run_are_removed_when_there_are_none(run, emptied, teams, tmp_path):
    run(teams, "s3://teams/scores.csv", "--quiet")
    (tmp_path / "good.csv").write_text("needs\nvoice-api\n")
    assert run(tmp_path / "good.csv", "s3://teams/scores.csv", "--quiet") == (0, "")
    assert _list_objects(emptied) == ["scores.csv"]


@pytest.mark.parametrize("named", [(), ("--rejects", "s3://teams/scores.rejects.csv")])
def test_an_object_that_no_run_wrote_is_not_taken_for_rejects(run, emptied, teams, tmp_path, named):
    """Neither replaced by rejects nor deleted where there are none: the run does not start, as with a file."""
    emptied.put_object(Bucket="teams", Key="scores.rejects.csv", Body=b"a list of mine\n")
    (tmp_path / "good.csv").write_text("needs\nvoice-api\n")
    for source in (teams, tmp_path / "good.csv"):
        status, said = run(source, "s3://teams/scores.csv", *named)
        assert (status, said.count("\n")) == (2, 1)
        assert "s3://teams/scores.rejects.csv exists and is not a rejects file from an earlier run" in said
        assert _list_objects(emptied) == ["scores.rejects.csv"]
        assert _read_object(emptied, "scores.rejects.csv") == b"a list of mine\n"


def test_nothing_is_left_where_the_rows_cannot_be_sent(run, emptied, teams, monkeypatch):
    sent = StoredObject.send

    def refuse_rows(stored, file):
        if stored.path.endswith("scores.csv"):
            raise BatchFailure("no more room")
        sent(stored, file)

    monkeypatch.setattr(StoredObject, "send", refuse_rows)
    assert run(teams, "s3://teams/scores.csv") == (1, "recommend: no more room\n")
    assert not _list_objects(emptied)


def test_an_object_that_was_cut_short_is_removed(emptied, tmp_path, monkeypatch):
    monkeypatch.setattr(
        stores.pf, "copy_files", lambda *_, **__: emptied.put_object(Bucket="teams", Key="t", Body=b"x")
    )
    (tmp_path / "t").write_text("longer")
    with pytest.raises(BatchFailure, match="was not written completely; run again"):
        find_object("s3://teams/t").send(tmp_path / "t")
    assert not _list_objects(emptied)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("s3://nobody/scores.csv",), "there is no bucket 'nobody', or you may not see it"),
        (("s3://teams/folder/",), "is a folder; give an object"),
        (("s3://teams/scores",), "cannot tell the format"),
        (("s3://teams/a.csv", "--rejects", "s3://teams/a.csv"), "is also the output"),
        (("s3://teams/a.csv", "--resume"), "--resume works only from file to file"),
        (("s3://teams/a.csv", "--engine", "spark"), "Spark writes to a folder that all workers can see"),
        (
            ("https://key:topsecret@teams.example/a.csv",),
            "cannot be written; give a file, or an object in cloud storage",
        ),
    ],
)
@pytest.mark.usefixtures("bucket")
def test_a_wrong_place_for_an_output_gets_one_sentence(run, teams, arguments, sentence):
    status, said = run(teams, *arguments)
    assert (status, sentence in said, said.count("\n")) == (2, True, 1), said


def test_an_input_is_not_replaced(run, bucket):
    bucket.put_object(Bucket="teams", Key="t.csv", Body=_ROWS.encode())
    status, said = run("s3://teams/t.csv", "s3://teams/t.csv")
    assert (status, "s3://teams/t.csv is also an input" in said) == (2, True), said
