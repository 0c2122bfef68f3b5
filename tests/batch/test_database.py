"""Rows read from a real PostgreSQL, which is started here: none is lost, and no message shows a password."""

from __future__ import annotations

import json
import sys
from functools import partial
from urllib.parse import quote

import polars as pl
import pytest
from adbc_driver_postgresql import dbapi
from tests.postgresql import PASSWORD, make_url

from provider_advisor.batch.reading import ReadingOptions, open_inputs
from provider_advisor.batch.remote.addresses import find_scheme, hide_secrets, refuse_unescaped, show_address
from provider_advisor.errors import BatchError, BatchFailure


@pytest.fixture(scope="module")
def port(postgresql_port):
    """The port of a PostgreSQL of our own, which asks for a password."""
    return postgresql_port


@pytest.fixture
def run(run_command):
    """A function to the exit status of `recommend batch` and what it said; nothing of it may hold the password."""
    return partial(run_command, secrets=(PASSWORD, quote(PASSWORD, safe=""), "ss/word", "word@3"))


_TEAMS = """
select 'team-' || i as team, case when i % 10 = 7 then 'no-such-thing' else 'voice-api' end as needs,
       i as number, now() as asked, (i * 1000)::numeric as "usage.sms-outbound"
from generate_series(1, {count}) i
"""


@pytest.mark.parametrize("form", ["csv", "jsonl", "parquet"])
def test_every_row_of_a_query_is_scored_or_rejected_in_order(run, port, tmp_path, form):
    output = tmp_path / f"scores.{form}"
    query = _TEAMS.format(count=50_000)
    status, _ = run(make_url(port), output, "--query", query, "--summary", tmp_path / "summary.json")
    assert status == 3
    rows = {"csv": pl.read_csv, "jsonl": pl.read_ndjson, "parquet": pl.read_parquet}[form](output)
    rejects = pl.read_csv(tmp_path / "scores.rejects.csv")
    assert rows["number"].to_list() == [i for i in range(1, 50_001) if i % 10 != 7]
    assert rejects["row"].to_list() == [i for i in range(1, 50_001) if i % 10 == 7]
    assert set(rejects["file"]) == {f"postgresql://***@127.0.0.1:{port}/postgres"}
    summary = (tmp_path / "summary.json").read_text()
    assert json.loads(summary)["rejected"] == 5_000
    assert quote(PASSWORD, safe="") not in summary


def test_answers_are_those_of_a_file_of_the_same_rows(run, port, tmp_path):
    teams = tmp_path / "teams.csv"
    teams.write_text('team,needs,usage.sms-outbound\na,whiteboard,\nb,"sms,monthly-cost<=500",20000\nc,sms|fax,\n')
    query = """select * from (values ('a', 'whiteboard', null), ('b', 'sms,monthly-cost<=500', 20000),
               ('c', 'sms|fax', null))
               as teams(team, needs, "usage.sms-outbound")"""
    run(teams, tmp_path / "one.csv", "--reasons")
    run(make_url(port), tmp_path / "other.csv", "--reasons", "--query", query)
    assert (tmp_path / "other.csv").read_text() == (tmp_path / "one.csv").read_text()


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("select team from nowhere", (2, 'relation "nowhere" does not exist')),
        ("selec 1", (2, "syntax error")),
        ("select 1; select 2", (2, "cannot insert multiple commands")),
        ("create table made (a int)", (2, "expected a SELECT")),
        ("select 'a' as team, 'b' as team", (2, "more than one column 'team'; rename one with AS")),
        ("select 'a' as team, 'fax' as need", (2, "need")),
        (
            "select 'fax' as needs, 12.34::money as price",
            (2, "'price' is money, which would be read as a number of ce"),
        ),
        ("select 'fax' as needs, interval '1 day' as age", (2, "'age' contains intervals; leave the column out, or w")),
        *(
            (f"select 'fax' as needs, {value} as x", (2, f"'x' is {kind}, which would be read as bytes; cast it to t"))
            for value, kind in {
                "'10.0.0.1/24'::inet": "inet",
                "array['10.0.0.1'::inet]": "inet",
                "row(1, 'a')": "record",
                "array['a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid]": "_uuid",
                "'[1,5)'::int4range": "of a type that the driver does not know",
            }.items()
        ),
        ("select 'a' as team, 'fax' as needs, 1/(100000-i) from generate_series(1, 200000) i", (1, "division by zero")),
        ("", (2, "say which rows to read")),
    ],
)
def test_a_bad_query_gets_one_sentence_and_no_output(run, port, tmp_path, query, expected):
    status, sentence = expected
    found, said = run(make_url(port), tmp_path / "scores.csv", "--query", query)
    assert (found, sentence in said, said.count("\n")) == (status, True, 1), said
    assert not (tmp_path / "scores.csv").exists()


@pytest.mark.parametrize("form", ["csv", "jsonl", "parquet"])
def test_values_of_other_types_arrive_as_people_write_them(run, port, tmp_path, form):
    query = """select 'fax' as needs, 12.50::numeric as price, '{"a": 1}'::jsonb as data,
               case when i > 1 then 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid end as key
               from generate_series(1, 2) i"""
    output = tmp_path / f"scores.{form}"
    assert run(make_url(port), output, "--quiet", "--query", query) == (0, "")
    rows = {"csv": pl.read_csv, "jsonl": pl.read_ndjson, "parquet": pl.read_parquet}[form](output)
    assert rows["key"].to_list() == [None, "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"]
    assert rows["price"].cast(pl.String).str.strip_chars_end("0").to_list() == ["12.5", "12.5"]
    assert rows["data"].to_list() == ['{"a": 1}'] * 2


@pytest.mark.parametrize("end", [";", " ; ", ";;\n", " -- in no order", " /* ; */"])
def test_a_query_may_end_as_people_end_it(run, port, tmp_path, end):
    query = f"select 'a;b' as team, 'fax' as needs{end}"
    assert run(make_url(port), tmp_path / "scores.csv", "--query", query, "--quiet") == (0, "")


def test_a_query_cannot_change_the_database(run, port, tmp_path):
    with dbapi.connect(make_url(port), autocommit=True) as connection, connection.cursor() as cursor:
        cursor.execute("create table kept as select 'a' as team, 'fax' as needs")
        query = "delete from kept returning team, needs"
        status, said = run(make_url(port), tmp_path / "scores.csv", "--query", query)
        assert (status, "read-only" in said) == (1, True), said
        cursor.execute("select count(*) from kept")
        assert cursor.fetchone() == (1,)


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"password": "wrong password"}, "password authentication failed"),
        ({"name": "nowhere"}, 'database "nowhere" does not exist'),
        ({"port": 1}, "Connection refused"),
    ],
)
def test_a_database_that_lets_nobody_in_gets_one_sentence(run, port, tmp_path, changed, sentence):
    url = make_url(**{"port": port, **changed})
    found, said = run(url, tmp_path / "scores.csv", "--query", "select 1")
    assert (found, sentence in said, said.count("\n")) == (1, True, 1), said
    assert "wrong" not in said.replace("what is wrong", "")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["postgresql://ann:top/secret@h/d", "o.csv", "--query", "select 1"], "percent-encode it"),
        (["postgresql://ann:topsecret@h/d", "o.csv"], "say which rows to read"),
        (["postgresql://ann:topsecret@h/d", "x.csv", "o.csv", "--query", "table x"], "combined with other inputs"),
        (["postgresql://ann:topsecret@h/d", "o.csv", "--query", "table x", "--input-format", "csv"], "--input-format"),
        (["postgresql://ann:topsecret@h/d", "o.csv", "--query", "table x", "--skip-lines", "2"], "--skip-lines"),
        (["x.csv", "postgresql://ann:topsecret@h/d"], "cannot be written"),
        (["x.csv", "o.csv", "--summary", "postgresql://ann:topsecret@h/d"], "cannot be written"),
        (["ftp://ann:topsecret@h/x.csv", "o.csv"], "cannot be read"),
        (["postgresql://ann:topsecret@h/d", "o.csv", "--engine", "spark"], "cannot be read by the workers"),
    ],
)
def test_what_cannot_be_meant_is_refused_without_the_password(run, tmp_path, monkeypatch, arguments, sentence):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "x.csv").write_text("needs\nfax\n")
    status, said = run(*arguments)
    assert (status, sentence in said, "secret" in said, said.count("\n")) == (2, True, False, 1), said


def test_a_query_needs_a_database(bicycles, tmp_path):
    (tmp_path / "x.csv").write_text("needs\nrepairs\n")
    with pytest.raises(BatchError, match="--query is for a database"):
        open_inputs((str(tmp_path / "x.csv"),), bicycles, ReadingOptions(query="table x"))


def test_without_the_driver_the_extra_is_named(bicycles, monkeypatch):
    monkeypatch.setitem(sys.modules, "adbc_driver_postgresql", None)
    with pytest.raises(BatchError, match=r"pip install 'provider-advisor\[databases\]'"):
        open_inputs(("postgresql://h/d",), bicycles, ReadingOptions(query="table x"))


def test_a_run_from_a_database_cannot_be_resumed(run, port, tmp_path):
    arguments = (make_url(port), tmp_path / "scores.csv", "--query", _TEAMS.format(count=1), "--resume")
    status, said = run(*arguments)
    assert (status, "not with a database" in said) == (2, True)


def test_a_database_that_goes_away_is_a_failure(port, bicycles):
    query = "select 'a' as team, 'repairs' as needs, repeat('x', 1000) as note from generate_series(1, 200000)"
    inputs = open_inputs((make_url(port),), bicycles, ReadingOptions(query=query))
    pieces = inputs.pieces()
    next(pieces)
    with dbapi.connect(make_url(port), autocommit=True) as connection, connection.cursor() as cursor:
        cursor.execute(
            "select count(pg_terminate_backend(pid)) from pg_stat_activity "
            "where pid <> pg_backend_pid() and backend_type = 'client backend'"
        )
        cursor.fetchall()
    with pytest.raises(BatchFailure, match="the query failed after row"):
        list(pieces)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://ann:a/b@c?d@host/teams?sslpassword=x", "postgresql://***@host/teams?***"),
        ("s3://KEY:se/cret@bucket/teams.csv", "s3://***@bucket/teams.csv"),
        ("s3://bucket/a@b.csv", "s3://bucket/a@b.csv"),
        ("https://host:8443/a@b.csv?X-Amz-Signature=x", "https://host:8443/a@b.csv?***"),
        ("teams@home.csv", "teams@home.csv"),
    ],
)
def test_an_address_is_shown_without_its_secrets(url, shown):
    assert show_address(url) == shown


def test_what_a_library_says_is_shown_without_secrets():
    url = "postgresql://ann:pa%20ss@host/teams?sslpassword=other"
    assert hide_secrets('"pa ss" and pa%20ss, other', url) == '"***" and ***, ***'


def test_options_that_hold_no_secret_stay_in_messages():
    """`sslmode=require` made "which requires TLS" unreadable, and an endpoint that cannot be reached had no name."""
    database = "postgresql://ann:opensesame@host/teams?sslmode=require&connect_timeout=300&passfile=/home/ann/pass"
    assert hide_secrets("requires TLS within 300 s; opensesame, /home/ann/pass", database) == (
        "requires TLS within 300 s; ***, ***"
    )
    assert hide_secrets("no answer from store:9000", "s3://bucket/t.csv?endpoint_override=store:9000&region=eu") == (
        "no answer from store:9000"
    )
    # The same word as a password is hidden, whatever else it is.
    assert hide_secrets("require", "postgresql://ann:require@host/teams?sslmode=require") == "***"
    assert hide_secrets("ann:sesame@store", "s3://bucket/t.csv?endpoint_override=ann:sesame%40store") == "***"
    assert hide_secrets("x=hidden&region=eu", "s3://bucket/t.csv?x=hidden&region=eu") == "***"


def test_a_secret_that_begins_another_one_does_not_leave_the_rest_of_it():
    url = "postgresql://ann:open@host/teams?sslpassword=opensesame"
    assert hide_secrets("opensesame and open", url) == "*** and ***"


def test_signs_that_end_a_password_too_early_are_refused():
    refuse_unescaped("postgresql://ann:a%40b@host/teams")
    for password in ("a/b", "a@b", "a b", "a%b", "a#b", "a?b"):
        with pytest.raises(BatchError, match="percent-encode it") as raised:
            refuse_unescaped(f"postgresql://ann:{password}@host/teams")
        assert password not in str(raised.value)
    assert find_scheme("postgresql://h/d") == "postgresql"
