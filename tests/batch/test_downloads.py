"""Inputs over https://, from a server that is started here: fetched whole or refused in a sentence."""

from __future__ import annotations

import base64
import contextlib
import datetime as dt
import http.server
import ipaddress
import os
import signal
import ssl
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from provider_advisor.batch.remote.download import download
from provider_advisor.errors import BatchError

_ROWS = b"team,needs\na,voice-api\nb,whiteboard\n"
_LOGIN = f"Basic {base64.b64encode(b'ann:topsecret/1').decode()}"


_LENGTH = {"Content-Length": str(len(_ROWS))}
_ANSWERS = {
    "/teams": (200, _LENGTH, _ROWS),
    "/teams.csv": (200, _LENGTH, _ROWS),
    "/my%20t%C3%A9ams.csv": (200, _LENGTH, _ROWS),
    "/login.csv": (200, _LENGTH, _ROWS),
    "/short.csv": (200, {"Content-Length": str(len(_ROWS) + 9)}, _ROWS),
    "/endless.csv": (200, {}, _ROWS * 100),
    "/cut.csv": (200, {}, _ROWS),  # without a length, and without the end that TLS has for that
    "/chunks.csv": (200, {"Transfer-Encoding": "chunked"}, b"%x\r\n%s\r\nff\r\n" % (len(_ROWS), _ROWS)),
    "/part.csv": (206, {}, _ROWS),
    "/busy.csv": (503, {}, b""),
    "/moved.csv": (302, {"Location": "http://127.0.0.1:1/teams.csv"}, b""),
    "/circle.csv": (302, {"Location": "/circle.csv"}, b""),
    "/elsewhere.csv": (302, {"Location": "file:///topsecret"}, b""),
    "/to-login.csv": (302, {"Location": "/login.csv"}, b""),
    "/to-other.csv": (302, {"Location": "https://localhost:{port}/login.csv"}, b""),
}


class _Answers(http.server.BaseHTTPRequestHandler):
    """Answers by the path: the rows, fewer than were announced, a redirect, or a mistake."""

    def do_GET(self):
        path = self.path.partition("?")[0]
        if path == "/slow.csv":
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nteam,")
            with contextlib.suppress(OSError):
                self.rfile.read(1)  # until the other side closes
            return
        if path == "/not-http.csv":
            self.wfile.write(b"SSH-2.0-OpenSSH_9.2\r\n")
            return
        status, headers, body = _ANSWERS.get(path, (404, {}, b""))
        if path == "/login.csv" and self.headers["Authorization"] != _LOGIN:
            status = 401
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value.format(port=self.server.server_address[1]))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A file with a key and a certificate for this machine."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([])
    now = dt.datetime.now(dt.UTC)
    names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1")), x509.DNSName("localhost")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(names, critical=True)
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
        ("/cut.csv", 1, "ended after 36 bytes; run again."),
        ("/chunks.csv", 1, "ended after 36 bytes; run again."),
        ("/part.csv", 2, "cannot be read (206 Partial Content); check the URL."),
        ("/busy.csv", 1, "cannot be read now (503 Service Unavailable); run again later."),
        ("/not-http.csv", 2, "its answer is not valid HTTP"),
        ("/moved.csv", 2, "it redirects to http://, which is not encrypted"),
        ("/circle.csv", 2, "it redirects in circles, or to an address that cannot be read"),
        ("/elsewhere.csv", 2, "it redirects in circles, or to an address that cannot be read"),
        ("/teams", 2, "cannot tell the format"),
    ],
)
def test_what_cannot_be_fetched_gets_one_sentence(run, address, path, expected, sentence):
    status, said = run(f"{address}{path}?key=topsecret", "out.csv")
    assert (status, sentence in said, said.count("\n"), "topsecret" in said) == (expected, True, 1, False), said
    assert not Path("out.csv").exists()


@pytest.mark.parametrize("path", ["/my téams.csv", "/my%20t%C3%A9ams.csv#top", "/my téams.csv?of=the year"])
def test_an_address_may_be_written_as_people_write_it(run, address, tmp_path, path):
    assert run(f"{address}{path}", tmp_path / "out.csv", "--quiet", "--input-format", "csv") == (0, "")


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("/login.csv", ""),
        ("/to-login.csv", ""),
        ("/to-other.csv", "(401 Unauthorized)"),  # another server is not told the password
        ("/none.csv", "(404 Not Found)"),
    ],
)
def test_a_user_and_password_go_to_their_server_and_into_no_message(run, address, tmp_path, path, sentence):
    url = f"{address.replace('//', '//ann:topsecret%2F1@')}{path}"
    status, said = run(url, tmp_path / "out.csv", "--quiet", "--summary", tmp_path / "summary.json")
    assert (status, sentence in said, "secret" in said) == (2 if sentence else 0, True, False), said
    assert all("secret" not in file.read_text() for file in tmp_path.iterdir())


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("https://ann:topsecret/1@127.0.0.1/t.csv", "percent-encode it"),
        ("https://[::1/t.csv", "cannot be read (Invalid IPv6 URL)"),
    ],
)
def test_what_is_not_an_address_is_refused_in_a_sentence(run, tmp_path, url, sentence):
    status, said = run(url, tmp_path / "out.csv")
    assert (status, sentence in said, said.count("\n"), "secret" in said) == (2, True, 1, False), said


def test_where_a_download_cannot_be_saved_the_folder_is_named(run, address, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "full"))
    status, said = run(f"{address}/teams.csv", tmp_path / "out.csv")
    assert (status, f"cannot be saved in {tmp_path / 'full'}" in said, said.count("\n")) == (1, True, 1), said


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_download_that_is_asked_to_end_leaves_no_folder(address, certificate, tmp_path, number):
    """Ctrl-C does the same; a service or a closed terminal sends these."""
    (kept := tmp_path / "kept").mkdir()
    command = [Path(sys.executable).with_name("recommend"), "batch", f"{address}/slow.csv", tmp_path / "out.csv"]
    environment = os.environ | {"SSL_CERT_FILE": str(certificate), "TMPDIR": str(kept)}
    process = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
    try:
        while not list(kept.glob("recommend-*/*")):
            assert process.poll() is None, process.stderr.read()
            time.sleep(0.05)
        process.send_signal(number)
        said = process.communicate(timeout=60)[1]
    finally:
        process.kill()
    assert (process.returncode, said.strip()) == (128 + number, "recommend: interrupted.")
    assert list(kept.iterdir()) == []


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
