"""Start and end a Spark session for a run, with plain errors if that is not possible, and pack what workers need."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import pickle
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from provider_advisor.bounded_cache import BoundedCache
from provider_advisor.errors import BatchError, BatchFailure
from provider_advisor.knowledge import KnowledgeBase

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

_LOCAL = re.compile(r"local(?:\[(\d+|\*)\])?")
_MASTER = re.compile(r"local(-cluster)?(\[[\d*, ]+\])?|yarn|(spark|k8s|mesos)://\S+")
_ATTEMPTS = 4
_LONGEST = 300
# Java only hands out shares here, and optimizing it would take a second.
_SHORT_LIVED = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
_LOGGING = """
rootLogger.level = off
rootLogger.appenderRef.none.ref = none
appender.none.type = Null
appender.none.name = none
logger.repl.name = org.apache.spark.api.python.PythonGatewayServer
logger.repl.level = off
"""

_unpacked = BoundedCache[str, KnowledgeBase](limit=4)


def find_active_session() -> SparkSession | None:
    """Return the session of the calling thread, if there is one. Raises BatchError if Spark is not installed."""
    for module in ("pyspark", "pandas"):
        if importlib.util.find_spec(module) is None:
            raise BatchError(f"Spark is not installed (no {module}); run: pip install 'provider-advisor[spark]'.")
    from pyspark.sql import SparkSession  # noqa: PLC0415 (only here, only with Spark)

    return SparkSession.getActiveSession()


def cancel_jobs() -> None:
    """Cancel what Spark does for this process."""
    from pyspark import SparkContext  # noqa: PLC0415

    context = SparkContext._active_spark_context  # noqa: SLF001 (there is no other way to it)
    if context is not None:
        with contextlib.suppress(Exception):  # it may be starting or ending, and then has no job
            context.cancelAllJobs()


@contextlib.contextmanager
def explain_failures() -> Iterator[None]:
    """Turn a failure of Spark or Java into a BatchFailure with their message, without the traceback."""
    from py4j.protocol import Py4JError  # type: ignore[import-untyped] # noqa: PLC0415
    from pyspark.errors import PySparkException  # noqa: PLC0415

    try:
        yield
    except (Py4JError, PySparkException, ConnectionError) as error:
        cause = _find_cause(error)
        raise BatchFailure(f"Spark failed ({cause}); check its master, its workers and their logs.") from error


def _find_cause(error: BaseException) -> str:
    # Py4J writes Java's exception after `: ` on a line of its own, and what caused that after `Caused by: `; the class
    # comes first: `Caused by: java.io.IOException: No space left on device`.
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    causes = [line.partition(": ")[2] for line in lines if line.startswith((": ", "Caused by: "))]
    return next(iter([*causes, *lines]), type(error).__name__)[:_LONGEST].rstrip(".:")


@contextlib.contextmanager
def open_session(active: SparkSession | None, master: str | None, *, bar: bool) -> Iterator[SparkSession]:
    """Yield the active session, or a new one that ends with the block.

    `master` None is what spark-submit says, else all cores of this machine. `bar` shows Spark's progress bar. Raises
    BatchError if there is no Java, or Spark does not start.
    """
    if active is not None:
        yield active
        return
    if not (shutil.which("java") or os.environ.get("JAVA_HOME")):
        raise BatchError(
            "Spark needs Java, which is not installed; install a Java runtime "
            "(Debian: apt install openjdk-17-jre-headless), or set JAVA_HOME."
        )
    with tempfile.TemporaryDirectory(prefix="recommend-") as folder:
        session = _start_session(master, Path(folder), bar=bar)
        try:
            yield session
        finally:
            with contextlib.suppress(Exception):  # it may have ended by itself
                session.stop()


def add_retries(master: str) -> str:
    """Return the master with several attempts at each task: a local one gives up after the first.

    Raises BatchError for something else.

    >>> add_retries("local[2]"), add_retries("yarn")
    ('local[2,4]', 'yarn')
    """
    if not _MASTER.fullmatch(master):
        raise BatchError(
            f"'{master[:80]}' is not a Spark master; expected one such as local[4], spark://host:7077, yarn, "
            "or k8s://https://host."
        )
    found = _LOCAL.fullmatch(master)
    return f"local[{found[1] or 1},{_ATTEMPTS}]" if found else master


def _start_session(master: str | None, folder: Path, *, bar: bool) -> SparkSession:
    from pyspark.sql import SparkSession  # noqa: PLC0415

    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    builder = SparkSession.builder.appName("recommend batch").config("spark.ui.showConsoleProgress", str(bar).lower())
    # spark-submit sets this variable when it starts the process; then its options decide, and stay as they are.
    submitted = "PYSPARK_GATEWAY_PORT" in os.environ
    if master is not None or not submitted:
        builder = builder.master(add_retries(master or "local[*]"))
    if not submitted:
        builder = builder.config("spark.ui.enabled", "false")
    if not submitted and "SPARK_CONF_DIR" not in os.environ:
        logging = folder / "log4j2.properties"
        logging.write_text(_LOGGING, encoding="utf-8")
        java = f"{_SHORT_LIVED} -Dlog4j2.configurationFile={logging.as_uri()}"
        builder = builder.config("spark.driver.extraJavaOptions", java)
    # Each worker has one core of its own.
    builder = builder.config("spark.executorEnv.POLARS_MAX_THREADS", "1")
    try:
        return builder.getOrCreate()
    except Exception as error:
        raise BatchError(f"Spark does not start with {master or 'local[*]'} ({_find_cause(error)}).") from error


# What workers need


class PackedKnowledge(NamedTuple):
    """A knowledge base as bytes, for processes that run the same version of this package."""

    fingerprint: str
    data: bytes

    def unpack(self) -> KnowledgeBase:
        """Return the knowledge base, unpacked once per process."""
        # The bytes come from the calling program, in the same way as its code, so they are as trustworthy.
        return _unpacked.get_or_make(self.fingerprint, lambda: pickle.loads(self.data))  # noqa: S301


def pack_knowledge(knowledge: KnowledgeBase) -> PackedKnowledge:
    """Return a knowledge base as bytes."""
    return PackedKnowledge(knowledge.fingerprint, pickle.dumps(knowledge, pickle.HIGHEST_PROTOCOL))
