"""Start stores of our own that speak as Amazon's, Google's and Azure's do; each gives the variables that lead to it."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from base64 import b64encode
from pathlib import Path

import pyarrow.fs as pf
import pytest
from tests.ports import find_free_port

SECRET = "topsecret/+topsecret"  # noqa: S105 (of stores that live for a minute)
KEY = b64encode(SECRET.encode()).decode()
ACCOUNT, BUCKET, LOCKED = "acme", "teams", "locked"
REFUSAL = "ann@acme.example does not have storage.objects.get access to the Google Cloud Storage object."

# The emulator knows no rights: one bucket is refused here, as Google does it. It also takes one caller at a time.
_GOOGLE = f"""
import http.server, sys
from gcp_storage_emulator import server

class Handler(server.RequestHandler):
    def log_message(self, *_):
        pass

    def parse_request(self):
        found = super().parse_request()
        if found and "/{LOCKED}" in self.path:
            body = {json.dumps({"error": {"code": 403, "message": REFUSAL, "errors": [{"reason": "forbidden"}]}})!r}
            self.send_response(403)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body.encode())
            return False
        return found

server.RequestHandler = Handler
server.server.HTTPServer = http.server.ThreadingHTTPServer
server.create_server("127.0.0.1", int(sys.argv[1]), in_memory=True, default_bucket="{BUCKET}").run()
"""


@contextlib.contextmanager
def _run_server(command, port, **variables):
    """Run a program that listens on a port, until the block ends."""
    with subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env={**os.environ, **variables}
    ) as server:
        try:
            until = time.monotonic() + 60
            while True:
                assert server.poll() is None, server.stderr.read().decode()
                assert time.monotonic() < until, f"{command[0]} does not listen"
                with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
                    break
                time.sleep(0.05)
            yield
        finally:
            server.kill()


class OwnStore:
    """A store with a bucket: how programs reach it, and what tests do in it."""

    def __init__(self, kind, variables, client):
        self.kind, self.variables, self._client = kind, variables, client

    def url(self, name, bucket=BUCKET):
        """The URL of an object."""
        return f"{self.kind}://{bucket}/{name}"

    def put(self, name, content):
        """Write an object."""
        with self._client.open_output_stream(f"{BUCKET}/{name}") as file:
            file.write(content)

    def read(self, name):
        """The bytes of an object."""
        with self._client.open_input_file(f"{BUCKET}/{name}") as file:
            return file.read()

    def names(self):
        """The names of all objects."""
        found = self._client.get_file_info(pf.FileSelector(BUCKET, recursive=True))
        return sorted(each.path.removeprefix(f"{BUCKET}/") for each in found if each.is_file)

    def empty(self):
        """Delete all objects."""
        for name in self.names():
            self._client.delete_file(f"{BUCKET}/{name}")


@contextlib.contextmanager
def start_s3():
    """Start a store that speaks as Amazon's; it takes every key."""
    moto = pytest.importorskip("moto.server", reason="no S3 to test with: pip install moto[server]")
    server = moto.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    place = ":".join(map(str, server.get_host_and_port()))
    client = pf.S3FileSystem(
        access_key="key", secret_key=SECRET, endpoint_override=place, scheme="http", region="us-east-1",
        allow_bucket_creation=True,
    )  # fmt: skip
    client.create_dir(BUCKET)
    variables = {
        "AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": f"http://{place}", "AWS_EC2_METADATA_DISABLED": "true",
    }  # fmt: skip
    try:
        yield OwnStore("s3", variables, client)
    finally:
        server.stop()


@contextlib.contextmanager
def start_google(folder):
    """Start a store that speaks as Google's; it asks for a login, which it does not check."""
    pytest.importorskip("gcp_storage_emulator", reason="no Google to test with: pip install gcp-storage-emulator")
    port = find_free_port()
    with _run_server([sys.executable, "-c", _GOOGLE, str(port)], port):
        client = pf.GcsFileSystem(anonymous=True, endpoint_override=f"127.0.0.1:{port}", scheme="http")
        variables = {
            "CLOUD_STORAGE_EMULATOR_ENDPOINT": f"http://127.0.0.1:{port}",
            "GOOGLE_APPLICATION_CREDENTIALS": str(_write_login(folder)),
        }
        yield OwnStore("gs", variables, client)


def _write_login(folder):
    """Write the file of a service account, whose key Google has never seen."""
    rsa = pytest.importorskip("cryptography.hazmat.primitives.asymmetric.rsa")
    forms = pytest.importorskip("cryptography.hazmat.primitives.serialization")
    key = rsa.generate_private_key(65537, 2048).private_bytes(
        forms.Encoding.PEM, forms.PrivateFormat.PKCS8, forms.NoEncryption()
    )
    file = Path(folder) / "login.json"
    login = {"type": "service_account", "private_key": key.decode(), "private_key_id": "1", "client_id": "1"}
    login |= {"client_email": "ann@acme.example", "token_uri": "https://oauth2.googleapis.com/token"}
    file.write_text(json.dumps(login))
    return file


@contextlib.contextmanager
def start_azure():
    """Start a store that speaks as Azure's, with one account; skips the test where it is not installed."""
    program = shutil.which("azurite-blob")
    if program is None:
        pytest.skip("no Azure to test with: azurite-blob is not in PATH (npm install -g azurite@3.35.0)")
    port = find_free_port()
    command = [program, "--blobPort", str(port), "--inMemoryPersistence", "--silent", "--disableTelemetry"]
    # A connection that is closed after five idle seconds makes the client of the next test wait and try again.
    command += ["--blobKeepAliveTimeout", "600"]
    with _run_server([*command, "--skipApiVersionCheck"], port, AZURITE_ACCOUNTS=f"{ACCOUNT}:{KEY}"):
        place = f"127.0.0.1:{port}"
        client = pf.AzureFileSystem(
            ACCOUNT, account_key=KEY, blob_storage_authority=place, dfs_storage_authority=place,
            blob_storage_scheme="http", dfs_storage_scheme="http",
        )  # fmt: skip
        client.create_dir(BUCKET)
        parts = ("DefaultEndpointsProtocol=http", f"AccountName={ACCOUNT}", f"AccountKey={KEY}",
                 f"BlobEndpoint=http://{place}/{ACCOUNT}")  # fmt: skip
        yield OwnStore("az", {"AZURE_STORAGE_CONNECTION_STRING": ";".join(parts)}, client)
