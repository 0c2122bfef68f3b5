"""Objects of stores that speak as Amazon's, Google's and Azure's do, which are started here: read, written, refused."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import hmac
import os
import re
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import quote

import polars as pl
import pytest
from tests.stores import ACCOUNT, BUCKET, KEY, LOCKED, REFUSAL, SECRET, start_azure, start_google, start_s3

from provider_advisor.batch.reading import Limits, ReadingOptions, open_inputs
from provider_advisor.batch.remote import stores
from provider_advisor.batch.remote.stores import StoredObject, describe_store_error, find_object
from provider_advisor.errors import BatchError, BatchFailure

_ROWS = "team,needs\na,voice-api\nb,no-such-thing\nc,whiteboard\n"
_SMALL = Limits(300, 100_000)
_HEAD = b"team,needs\n"
_PROGRAM = "import sys; from provider_advisor.faces.cli.main import main; sys.exit(main())"


@pytest.fixture(scope="module")
def s3():
    """A store that speaks as Amazon's."""
    with start_s3() as found:
        yield found


@pytest.fixture(scope="module")
def google(tmp_path_factory):
    """A store that speaks as Google's."""
    with start_google(tmp_path_factory.mktemp("google")) as found:
        yield found


@pytest.fixture(scope="module")
def azure():
    """A store that speaks as Azure's."""
    with start_azure() as found:
        yield found


@pytest.fixture
def no_login(monkeypatch):
    """An environment that leads to no store, in which nobody is logged in."""
    for name in [name for name in os.environ if name.startswith(("AWS_", "AZURE_", "GOOGLE_", "CLOUD_STORAGE_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AZURE_TOKEN_CREDENTIALS", "EnvironmentCredential")
    return monkeypatch


@pytest.fixture(params=["s3", "google", "azure"])
def store(request, no_login):
    """An empty store of each kind, to which the environment leads."""
    found = request.getfixturevalue(request.param)
    for name, value in found.variables.items():
        no_login.setenv(name, value)
    found.empty()
    return found


@pytest.fixture
def run(run_command):
    """A function to the exit status of `recommend batch`, and what it said: no secret."""

    def run_it(*arguments):
        status, said = run_command(*arguments, secrets=(SECRET, KEY))
        return status, " ".join(said.split()) if status == 3 else said

    return run_it


@pytest.fixture
def rows(tmp_path):
    """A file of three teams, one of them without an answer."""
    (tmp_path / "teams.csv").write_text(_ROWS)
    return tmp_path / "teams.csv"


@pytest.mark.parametrize(("form", "name"), [("csv", "a b.csv"), ("jsonl", "deep/er/t.jsonl"), ("parquet", "t.parquet")])
def test_an_object_is_answered_as_a_file_of_its_bytes(run, store, tmp_path, form, name):
    rows = [{"team": f"team-{i}", "needs": "no-such-thing" if i % 10 == 7 else "voice-api"} for i in range(5_000)]
    frame, file = pl.DataFrame(rows), tmp_path / f"teams.{form}"
    {"csv": frame.write_csv, "jsonl": frame.write_ndjson, "parquet": frame.write_parquet}[form](file)
    store.put(name, file.read_bytes())
    url = store.url(quote(name))
    assert run(file, tmp_path / "one.csv")[0] == 3
    assert run(url, tmp_path / "other.csv")[0] == 3
    assert (tmp_path / "other.csv").read_text() == (tmp_path / "one.csv").read_text()
    one, other = (pl.read_csv(tmp_path / f"{name}.rejects.csv") for name in ("one", "other"))
    assert other.drop("file").equals(one.drop("file"))
    assert set(other["file"]) == {url}


def test_blocks_follow_each_other_from_any_place_on(store, bicycles):
    store.put("t.csv", _HEAD + b"".join(b"team-%d,repairs\n" % i for i in range(2_000)))
    inputs = open_inputs((store.url("t.csv"),), bicycles, ReadingOptions(limits=Limits(block=4_096)))
    blocks = [piece.parse() for piece in inputs.pieces()]
    assert len(blocks) > 3
    assert sum(block.rows.num_rows for block in blocks) == 2_000
    again = [piece.parse() for piece in inputs.pieces(blocks[1].end)]
    assert [block.rows for block in again] == [block.rows for block in blocks[2:]]


def test_an_object_that_changes_while_it_is_read_is_a_failure(store, bicycles):
    store.put("t.csv", _HEAD + b"a,repairs\n" * 2_000)
    pieces = open_inputs((store.url("t.csv"),), bicycles, ReadingOptions(limits=Limits(block=4_096))).pieces()
    next(pieces)
    store.put("t.csv", _HEAD + b"a,repairs\n" * 2_001)
    with pytest.raises(BatchFailure, match="was changed while it was being read"):
        list(pieces)


class _CrashError(Exception):
    pass


def test_a_run_over_an_object_is_resumed_and_not_over_another(store, run_batch, teams, csv_of, tmp_path):
    """Not over one that was written anew, nor over one of the same name in another bucket."""
    whole, output, done = tmp_path / "whole.csv", tmp_path / "scores.csv", []
    content, url = csv_of(teams(100)), store.url("teams.csv")
    store.put("teams.csv", content)
    run_batch(url, whole, limits=_SMALL, part_rows=20)

    def crash(block):
        done.append(block.records)
        if sum(done) > 50:
            raise _CrashError

    with pytest.raises(_CrashError):
        run_batch(url, output, limits=_SMALL, part_rows=20, watch=crash)
    store.put("teams.csv", content + b"one-more,repairs,x\n")
    with pytest.raises(BatchError, match="cannot resume the run for"):
        run_batch(url, output, limits=_SMALL, part_rows=20, resume=True)
    done.clear()
    with pytest.raises(_CrashError):
        run_batch(url, output, limits=_SMALL, part_rows=20, watch=crash)
    result, said = run_batch(url, output, limits=_SMALL, part_rows=20, resume=True)
    assert said[0].startswith("resuming after row ")
    assert (result.scored, result.rejected) == (91, 10)
    assert output.read_text().startswith(whole.read_text())


@pytest.mark.parametrize("name", ["scores.csv", "deep/er/scores.parquet", "scores.xlsx"])
def test_outputs_in_a_store_are_those_of_files(run, store, rows, tmp_path, name):
    here = tmp_path / name.rpartition("/")[2]
    assert run(rows, here, "--summary", tmp_path / "sums.json", "--as-of", "2022-12-31")[0] == 3
    sums, rejects = store.url("sums.json"), f"{name.rpartition('.')[0]}.rejects.csv"
    status, said = run(rows, store.url(name), "--summary", sums, "--as-of", "2022-12-31")
    assert (status, store.url(rejects) in said) == (3, True), said
    assert store.names() == sorted([name, rejects, "sums.json"])
    if here.suffix != ".xlsx":  # which holds the time at which it was made
        assert store.read(name) == here.read_bytes()
    assert store.read("sums.json") == (tmp_path / "sums.json").read_bytes()


def test_a_large_object_is_written_in_pieces_and_whole(store, tmp_path):
    content = os.urandom(20_000_000)
    (tmp_path / "large").write_bytes(content)
    find_object(store.url("large.csv")).send(tmp_path / "large")
    assert store.read("large.csv") == content


def test_rejects_of_an_earlier_run_are_removed_when_there_are_none(run, store, rows, tmp_path):
    run(rows, store.url("scores.csv"), "--quiet")
    assert store.names() == ["scores.csv", "scores.rejects.csv"]
    (tmp_path / "good.csv").write_text("needs\nvoice-api\n")
    assert run(tmp_path / "good.csv", store.url("scores.csv"), "--quiet") == (0, "")
    assert store.names() == ["scores.csv"]


@pytest.mark.parametrize("is_named", [False, True])
def test_an_object_that_no_run_wrote_is_not_taken_for_rejects(run, store, rows, tmp_path, is_named):
    """Neither replaced by rejects nor deleted where there are none: the run does not start, as with a file."""
    place = store.url("scores.rejects.csv")
    store.put("scores.rejects.csv", b"a list of mine\n")
    (tmp_path / "good.csv").write_text("needs\nvoice-api\n")
    for source in (rows, tmp_path / "good.csv"):
        status, said = run(source, store.url("scores.csv"), *(["--rejects", place] if is_named else []))
        assert (status, said.count("\n")) == (2, 1)
        assert f"{place} exists and is not a rejects file from an earlier run" in said
        assert store.names() == ["scores.rejects.csv"]
        assert store.read("scores.rejects.csv") == b"a list of mine\n"


def test_nothing_is_left_where_the_rows_cannot_be_sent(run, store, rows, monkeypatch):
    sent = StoredObject.send

    def refuse_rows(stored, file):
        if stored.path.endswith("scores.csv"):
            raise BatchFailure("no more room")
        sent(stored, file)

    monkeypatch.setattr(StoredObject, "send", refuse_rows)
    assert run(rows, store.url("scores.csv")) == (1, "recommend: no more room\n")
    assert not store.names()


def test_an_object_that_was_cut_short_is_removed(store, tmp_path, monkeypatch):
    monkeypatch.setattr(stores.pf, "copy_files", lambda *_, **__: store.put("t", b"x"))
    (tmp_path / "t").write_text("longer")
    with pytest.raises(BatchFailure, match="was not written completely; run again"):
        find_object(store.url("t")).send(tmp_path / "t")
    assert not store.names()


@pytest.mark.parametrize(
    ("bucket", "name", "sentence"),
    [
        (BUCKET, "none.csv", "/none.csv does not exist, or you have no access to it"),
        ("nobody", "t.csv", "/t.csv does not exist, or you have no access to it"),
        (BUCKET, "", "is not an object; expected a URL such as"),
        (BUCKET, "folder", "/folder is a folder; give an object in it"),
        (BUCKET, "a b.csv", "cannot be used (Cannot parse URI"),
        (BUCKET, "t.csv?colour=red", "cannot be used (Unexpected query parameter"),
    ],
)
def test_a_wrong_address_of_an_input_gets_one_sentence(run, store, tmp_path, bucket, name, sentence):  # noqa: PLR0917
    store.put("folder/t.csv", b"needs\nfax\n")
    status, said = run(store.url(name, bucket), tmp_path / "scores.csv")
    assert (status, sentence in said, said.count("\n")) == (2, True, 1), said


@pytest.mark.parametrize(
    ("bucket", "name", "options", "sentence"),
    [
        ("nobody", "scores.csv", (), "there is no bucket 'nobody', or you may not see it"),
        (BUCKET, "folder/", (), "is a folder; give an object"),
        (BUCKET, "scores", (), "cannot tell the format"),
        (BUCKET, "scores.csv", ("--resume",), "--resume works only from file to file"),
        (BUCKET, "scores.csv", ("--engine", "spark"), "Spark writes to a folder that all workers can see"),
    ],
)
def test_a_wrong_address_of_an_output_gets_one_sentence(run, store, rows, bucket, name, options, sentence):  # noqa: PLR0917
    status, said = run(rows, store.url(name, bucket), *options)
    assert (status, sentence in said, said.count("\n")) == (2, True, 1), said


@pytest.mark.parametrize(
    ("names", "sentence"),
    [
        (("s3://key:topsecret@teams/t.csv?unknown=topsecret", "scores.csv"), "Unexpected query parameter"),
        (("s3://key:top/secret@teams/t.csv", "scores.csv"), "percent-encode it"),
        (("s3://key:topsecret@teams/t", "scores.csv"), "cannot tell the format"),
        (("ftp://key:topsecret@teams/t.csv", "scores.csv"), "cannot be read"),
        (("teams.csv", "s3://teams/a.csv", "--rejects", "s3://teams/a.csv"), "is also the output"),
        (("teams.csv", "https://key:topsecret@teams.example/a.csv"), "give a file, or an object in cloud storage"),
    ],
)
def test_a_wrong_address_gets_one_sentence_without_its_secrets(run, s3, rows, no_login, names, sentence):  # noqa: PLR0917
    s3.put("t", b"needs\nfax\n")
    for name, value in s3.variables.items():
        no_login.setenv(name, value)
    no_login.chdir(rows.parent)
    status, said = run(*names)
    assert (status, sentence in said, "secret" in said, said.count("\n")) == (2, True, False, 1), said


def test_an_input_is_not_replaced(run, store):
    store.put("t.csv", _ROWS.encode())
    status, said = run(store.url("t.csv"), store.url("t.csv"))
    assert (status, f"{store.url('t.csv')} is also an input" in said) == (2, True), said


@pytest.mark.parametrize("store", ["google", "azure"], indirect=True)
def test_a_store_that_refuses_gets_one_sentence(run, store, rows, no_login, tmp_path):
    """Google's refuses a bucket; Azure's a key, whatever is asked."""
    if store.kind == "az":
        other = base64.b64encode(b"another").decode()
        no_login.setenv(
            "AZURE_STORAGE_CONNECTION_STRING", store.variables["AZURE_STORAGE_CONNECTION_STRING"].replace(KEY, other)
        )
    reason = REFUSAL.rstrip(".") if store.kind == "gs" else "403 Server failed to authenticate the request"
    url = store.url("t.csv", LOCKED if store.kind == "gs" else BUCKET)
    for arguments in ((url, tmp_path / "scores.csv"), (rows, url)):
        status, said = run(*arguments)
        assert (status, said.count("\n")) == (1, 1), said
        assert said.startswith(f"recommend: {url}" if arguments[0] == url else "recommend: "), said
        assert f"cannot be reached ({reason}" in said
        assert said.endswith("; check the URL, the network, and your access to this store.\n")
    assert not store.names()


def test_a_store_that_nobody_can_reach_gets_one_sentence(run, store, no_login, tmp_path):
    for name, value in store.variables.items():
        no_login.setenv(name, re.sub(r"127\.0\.0\.1:\d+", "127.0.0.1:1", value))
    no_login.setenv("AWS_MAX_ATTEMPTS", "1")
    url = store.url("t.csv") + ("?retry_limit_seconds=1" if store.kind == "gs" else "")
    status, said = run(url, tmp_path / "scores.csv")
    assert (status, said.count("\n")) == (1, 1), said
    assert "cannot be reached (" in said
    assert said.endswith("); check the URL, the network, and your access to this store.\n")
    assert store.kind == "s3" or "Could not connect to server)" in said


@pytest.mark.parametrize(
    ("code", "headers", "sentence"),
    [
        (400, {}, "(HTTP status 400); log in again if your credentials have expired, and check AWS_DEFAULT_REGION."),
        (403, {}, "(ACCESS_DENIED during HeadObject operation); check the URL, the network, and your access to this "),
        (503, {}, "(HTTP status 503); the store is busy; run again later."),
        (
            301,
            {"x-amz-bucket-region": "eu-west-1"},
            "(HTTP status 301: the bucket is located in 'eu-west-1'); set AWS_DEFAULT_REGION to that region.",
        ),
    ],
)
@pytest.mark.parametrize("writes", [False, True])
def test_what_amazon_says_without_words_gets_the_next_step(run, no_login, rows, code, headers, sentence, writes):  # noqa: PLR0917
    class Refusals(BaseHTTPRequestHandler):
        def do_HEAD(self):
            self.send_response(code)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Refusals) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        no_login.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_address[1]}")
        no_login.setenv("AWS_ACCESS_KEY_ID", "key")
        no_login.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
        no_login.setenv("AWS_MAX_ATTEMPTS", "1")
        names = (rows, "s3://bucket/out.csv") if writes else ("s3://bucket/teams.csv", rows.with_name("out.csv"))
        status, said = run(*names)
        server.shutdown()
    assert (status, sentence in said, said.count("\n")) == (1, True, 1), said


_ERROR = "during GetObject operation"


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        (
            f"AWS Error UNKNOWN (HTTP status 400) {_ERROR}: Unable to parse ExceptionName: Expired Message: Too late.",
            "Expired: Too late",
        ),
        (
            f"When reading for key 'a' in bucket 'b': AWS Error NO_SUCH_KEY {_ERROR}: It is gone",
            f"NO_SUCH_KEY {_ERROR}: It is gone",
        ),
        (f"AWS Error ACCESS_DENIED {_ERROR}:", f"ACCESS_DENIED {_ERROR}"),
    ],
)
def test_what_amazons_client_adds_is_not_shown(said, shown):
    assert describe_store_error(OSError(said), "s3://teams/t.csv") == shown


@pytest.mark.parametrize("kind", ["gs", "az"])
def test_a_store_that_ends_while_it_is_read_gets_one_sentence(no_login, bicycles, tmp_path, kind):
    with start_google(tmp_path) if kind == "gs" else start_azure() as own:
        own.put("t.csv", _HEAD + b"a,repairs\n" * 500_000)
        for name, value in own.variables.items():
            no_login.setenv(name, value)
        url = own.url("t.csv") + ("?retry_limit_seconds=1" if kind == "gs" else "")
        pieces = open_inputs((url,), bicycles, ReadingOptions(limits=Limits(block=4_096))).pieces()
        next(pieces)
    with pytest.raises(BatchFailure) as caught:
        list(pieces)
    said = str(caught.value)
    assert re.fullmatch(
        rf"{own.url('t.csv')}\S* cannot be (reached|read to the end) \([\w ./:'\[\]]+\)(; check .*)?\.", said
    )
    assert "last message" not in said


@pytest.mark.parametrize("writes", [False, True])
@pytest.mark.parametrize(
    ("url", "hint"),
    [
        ("gs://teams/t.csv", "set GOOGLE_APPLICATION_CREDENTIALS, or log in with gcloud"),
        (
            "az://teams@acme.dfs.core.windows.net/t.csv",
            "set AZURE_STORAGE_CONNECTION_STRING or AZURE_STORAGE_KEY, or log",
        ),
    ],
)
def test_who_is_not_logged_in_gets_one_sentence(no_login, rows, url, hint, writes):
    """In a process of its own: one that asks Azure's client for a bucket would end without a word of ours."""
    no_login.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(rows.with_name("nobody.json")))
    arguments = (
        [rows, url, "--rejects", rows.with_name("rejects.csv")] if writes else [url, rows.with_name("scores.csv")]
    )
    found = subprocess.run(
        [sys.executable, "-c", _PROGRAM, "batch", *map(str, arguments)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (found.returncode, found.stderr.count("\n")) == (1, 1), found.stderr
    assert f"recommend: {url} cannot be {'written' if writes else 'reached'} (no login: " in found.stderr
    assert hint in found.stderr


# Azure's ways to say who asks


@pytest.fixture
def reach(azure, no_login):
    """A function from a URL and variables to what is read at it in Azure, where `t.csv` holds three teams."""
    azure.put("t.csv", _ROWS.encode())

    def read(url, **variables):
        for name, value in variables.items():
            no_login.setenv(f"AZURE_STORAGE_{name}", value)
        with find_object(url).open() as file:
            return file.read().decode()

    return read


def _connect(azure, **changes):
    """The connection string of the store with some of its parts changed; None leaves one out."""
    parts = dict(part.split("=", 1) for part in azure.variables["AZURE_STORAGE_CONNECTION_STRING"].split(";"))
    return ";".join(f"{name}={value}" for name, value in (parts | changes).items() if value is not None)


def _query(azure):
    """What in a URL leads to the store."""
    place = azure.variables["AZURE_STORAGE_CONNECTION_STRING"].rpartition("http://")[2].partition("/")[0]
    return f"?blob_storage_authority={place}&dfs_storage_authority={place}&enable_tls=false"


def _sign_token():
    """A SAS token for the account: who has it may read what is in a container for a while."""
    until = (dt.datetime.now(dt.UTC) + dt.timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    fields = {
        "sp": "rl",
        "ss": "b",
        "srt": "sco",
        "st": "",
        "se": until,
        "sip": "",
        "spr": "http,https",
        "sv": "2020-08-04",
    }
    text = "\n".join([ACCOUNT, *fields.values(), ""])
    signed = hmac.new(base64.b64decode(KEY), text.encode(), hashlib.sha256).digest()
    given = {name: value for name, value in fields.items() if value} | {"sig": base64.b64encode(signed).decode()}
    return "&".join(f"{name}={quote(value, safe='')}" for name, value in given.items())


def test_azure_takes_account_and_key_from_variables_or_from_the_url(azure, reach):
    query = _query(azure)
    assert reach(f"az://teams/t.csv{query}", ACCOUNT=ACCOUNT, KEY=KEY) == _ROWS
    assert reach(f"az://teams@{ACCOUNT}.dfs.core.windows.net/t.csv{query}", ACCOUNT="", KEY=KEY) == _ROWS
    assert reach(f"az://teams@{ACCOUNT}.blob.core.windows.net/t.csv{query}") == _ROWS
    assert reach(f"abfs://{ACCOUNT}@teams/t.csv{query}") == _ROWS
    assert reach(f"az://teams:{quote(KEY, safe='')}@{ACCOUNT}.dfs.core.windows.net/t.csv{query}", KEY="a2V5") == _ROWS


def test_azure_takes_a_token_from_variables_or_a_connection_string(azure, reach):
    token = _sign_token()
    for given in (token, f"?{token}"):
        assert reach(f"az://teams/t.csv{_query(azure)}", ACCOUNT=ACCOUNT, SAS_TOKEN=given) == _ROWS
    assert reach(f"az://{ACCOUNT}@teams/t.csv{_query(azure)}&{token}", SAS_TOKEN="", KEY="a2V5") == _ROWS
    text = _connect(azure, AccountKey=None, SharedAccessSignature=token)
    assert reach("az://teams/t.csv", SAS_TOKEN="", CONNECTION_STRING=text) == _ROWS


def test_a_token_that_is_refused_is_not_shown(run, azure, no_login, tmp_path):
    """Azure's client shows the address that it asked, with the token."""
    text = _connect(azure, AccountKey=None, SharedAccessSignature="sv=2020-08-04&sig=c2VjcmV0")
    no_login.setenv("AZURE_STORAGE_CONNECTION_STRING", text)
    status, said = run("az://teams/t.csv", tmp_path / "scores.csv")
    assert (status, "c2VjcmV0" in said, "(403 Server failed to authenticate" in said) == (1, False, True), said


_KEPT = "AccountName=acme;AccountKey=a2V5"
_FULL = "az://teams@acme.dfs.core.windows.net/t.csv"


@pytest.mark.parametrize(
    ("url", "variables", "expected"),
    [
        (_FULL, {}, {"account_key": ""}),
        (_FULL, {"CONNECTION_STRING": _KEPT}, {"account_key": "a2V5", "blob_storage_scheme": "https"}),
        ("az://teams/t.csv", {"CONNECTION_STRING": _KEPT, "ACCOUNT": "other"}, {"account_name": "acme"}),
        (
            "az://teams/t.csv",
            {"CONNECTION_STRING": f"{_KEPT};EndpointSuffix=core.cloud.example"},
            {"blob_storage_authority": ".blob.core.cloud.example", "dfs_storage_authority": ".dfs.core.cloud.example"},
        ),
        (
            "az://teams/t.csv",
            {"CONNECTION_STRING": "BlobEndpoint=https://acme.blob.cloud.example/;SharedAccessSignature=sv=1&sig=x"},
            {"account_name": "acme", "sas_token": "?sv=1&sig=x", "dfs_storage_authority": ".dfs.cloud.example"},
        ),
        # The key of another account is not sent.
        ("az://teams@other.dfs.core.windows.net/t.csv", {"CONNECTION_STRING": _KEPT}, {"account_key": ""}),
        ("az://teams@other.dfs.core.windows.net/t.csv", {"ACCOUNT": "acme", "KEY": "a2V5"}, {"account_key": ""}),
        # What the URL says is kept.
        (f"{_FULL}?sv=1&sig=x", {"CONNECTION_STRING": _KEPT}, {"account_key": ""}),
        (f"{_FULL}?credential_kind=anonymous", {"CONNECTION_STRING": _KEPT}, {"account_key": ""}),
    ],
)
def test_what_the_client_of_azure_is_told(no_login, url, variables, expected):
    for name, value in variables.items():
        no_login.setenv(f"AZURE_STORAGE_{name}", value)
    told = find_object(url).store.__reduce__()[1][0]
    assert {name: told[name] for name in expected} == expected


@pytest.mark.parametrize(
    ("url", "variables", "sentence"),
    [
        (
            "az://teams/t.csv",
            {},
            "does not say which storage account; write az://CONTAINER@ACCOUNT.dfs.core.windows.net/NAME",
        ),
        (_FULL, {"KEY": "no key"}, "the account's key is not complete; copy it again"),
        ("az://teams:secret@acme.dfs.core.windows.net/t.csv", {"KEY": "a2V5"}, "the account's key is not complete"),
        (
            _FULL,
            {"CONNECTION_STRING": "AccountName=acme"},
            "has no AccountName and AccountKey or SharedAccessSignature",
        ),
        ("az://teams@acme.dfs.core.windows.net", {}, "is not an object; expected a URL such as az://container@account"),
    ],
)
def test_an_address_in_azure_that_cannot_be_used_gets_one_sentence(run, no_login, tmp_path, url, variables, sentence):  # noqa: PLR0917
    for name, value in variables.items():
        no_login.setenv(f"AZURE_STORAGE_{name}", value)
    status, said = run(url, tmp_path / "scores.csv")
    assert (status, sentence in said, said.count("\n")) == (2, True, 1), said
    assert "secret" not in said
    assert "no key" not in said


@pytest.mark.usefixtures("no_login")
def test_two_accounts_have_two_objects_of_one_name():
    one, other, again = (
        find_object(f"az://teams{end}").place
        for end in (
            "@acme.dfs.core.windows.net/t.csv",
            "@other.dfs.core.windows.net/t.csv",
            ":a2V5@acme.dfs.core.windows.net/t.csv",
        )
    )
    assert one == again != other


def test_azure_needs_a_client_that_survives_a_broken_connection(run, no_login, tmp_path):
    no_login.setattr("provider_advisor.batch.remote.stores.pa.__version__", "22.0.0")
    assert run(_FULL, tmp_path / "scores.csv") == (
        2, f"recommend: {_FULL} needs pyarrow 23 or newer; run: pip install --upgrade pyarrow.\n",
    )  # fmt: skip
