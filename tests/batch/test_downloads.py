"""Inputs over https://, from a server that is started here: fetched whole or refused in a sentence."""

from __future__ import annotations

import datetime as dt
import http.server
import ipaddress
import ssl
import threading
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from provider_advisor.batch.remote.download import download
from provider_advisor.errors import BatchError

_ROWS = b"team,needs\na,voice-api\nb,whiteboard\n"


class _Answers(http.server.BaseHTTPRequestHandler):
    """Answers by the path: the rows, fewer than were announced, a redirect, or a mistake."""

    def do_GET(self):
        path = self.path.partition("?")[0]
        if path == "/moved.csv":
            self.send_response(302)
            self.send_header("Location", "http://127.0.0.1:1/teams.csv")
            self.end_headers()
        elif path in {"/teams", "/teams.csv", "/short.csv"}:
            self.send_response(200)
            self.send_header("Content-Length", str(len(_ROWS) + 9 * (path == "/short.csv")))
            self.end_headers()
            self.wfile.write(_ROWS)
        elif path == "/endless.csv":
            self.send_response(200)
            self.end_headers()
            self.wfile.write(_ROWS * 100)
        else:
            self.send_error(404)

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A file with a key and a certificate for this machine."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("tls") / "server.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return file


@pytest.fixture(scope="module")
def address(certificate):
    """The address of a server with that certificate."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Answers)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"https://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def run(monkeypatch, run_command, certificate, tmp_path):
    """A function to the exit status of `recommend batch`, and what it said, which trusts the server."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    monkeypatch.chdir(tmp_path)
    return run_command


def test_an_address_is_answered_as_a_file_of_its_bytes(run, address, tmp_path):
    (tmp_path / "teams.csv").write_bytes(_ROWS)
    assert run(tmp_path / "teams.csv", tmp_path / "one.csv", "--quiet") == (0, "")
    assert run(f"{address}/teams.csv?key=topsecret", tmp_path / "other.csv", "--quiet") == (0, "")
    assert (tmp_path / "other.csv").read_bytes() == (tmp_path / "one.csv").read_bytes()


@pytest.mark.parametrize(
    ("path", "expected", "sentence"),
    [
        ("/none.csv", 2, "cannot be read (404 Not Found); check the URL."),
        ("/short.csv", 1, "ended after 36 of 45 bytes; run again."),
        ("/moved.csv", 2, "it redirects to http://, which is not encrypted"),
        ("/teams", 2, "cannot tell the format"),
    ],
)
def test_what_cannot_be_fetched_gets_one_sentence(run, address, path, expected, sentence):
    status, said = run(f"{address}{path}?key=topsecret", "out.csv")
    assert (status, sentence in said, said.count("\n"), "topsecret" in said) == (expected, True, 1, False), said
    assert not Path("out.csv").exists()


def test_a_server_that_nobody_vouches_for_is_refused(run, address, tmp_path, monkeypatch):
    monkeypatch.delenv("SSL_CERT_FILE")
    status, said = run(f"{address}/teams.csv", tmp_path / "out.csv")
    assert (status, "certificate verify failed" in said, said.count("\n")) == (2, True, 1), said


@pytest.mark.parametrize("path", ["/teams.csv", "/endless.csv"])
def test_too_many_bytes_are_refused_whether_announced_or_not(address, certificate, monkeypatch, path):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with pytest.raises(BatchError, match="has more than 20 bytes; download it, and read the file or its parts"):
        download(f"{address}{path}", 20)


def test_plain_http_and_resuming_are_refused(run, tmp_path):
    assert "http://127.0.0.1/t.csv cannot be read" in run("http://127.0.0.1/t.csv", tmp_path / "out.csv")[1]
    said = run("https://127.0.0.1/t.csv", tmp_path / "out.csv", "--resume")[1]
    assert "--resume works only from file to file; download https://127.0.0.1/t.csv" in said
