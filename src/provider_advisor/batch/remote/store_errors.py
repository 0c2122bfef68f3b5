"""What the clients of stores say of a failure, without what only their makers need.

"google::cloud::Status(UNAVAILABLE: Retry policy exhausted, with a last message of Could not connect to server
error_info={…})"   →   "Could not connect to server"
"""

from __future__ import annotations

import re

from provider_advisor.batch.remote.addresses import hide_secrets

_LONGEST = 300
_NO_LOGIN = re.compile(
    r".*Azure4Core11Credentials23AuthenticationExceptionE: |"
    r"Could not create a OAuth2 access token.*?error message was: ",
    re.DOTALL,
)
_NOISE = tuple(
    (re.compile(pattern, re.DOTALL), message)
    for pattern, message in (
        (r"^Unknown error: ", ""),
        (r" \(Request ID: [^)]*\)|\. Detail: .*|; Details: .*", ""),
        (r"google::cloud::Status\((?:.*last message of |\w+: (?:[\w ]+\(\): )?)(.*?)(?: error_info=\{.*\})?\)$", r"\1"),
        (r"\w+\(\) - CURL error \[\d+\]=", ""),
        # What was done with which address, perhaps with a token in it, comes before this; numbers of requests after it.
        (r".*Azure Error: \[\w*\] ", ""),
        (r"\n.*| RequestId:.*", ""),
    )
)
"""What surrounds the message of a store."""


def is_without_login(error: Exception) -> bool:
    """Return whether a client did not ask the store, because it found nothing that says who asks."""
    return _NO_LOGIN.search(str(error)) is not None


def describe_store_error(error: Exception, url: str) -> str:
    """Return what a store said, in one line and without the secrets of the URL."""
    said = (error.strerror if isinstance(error, OSError) else None) or str(error)
    said = _NO_LOGIN.sub("no login: ", said, count=1)
    for noise, message in _NOISE:
        said = noise.sub(message, said)
    return hide_secrets(" ".join(said.split()).rstrip("."), url)[:_LONGEST] or type(error).__name__
