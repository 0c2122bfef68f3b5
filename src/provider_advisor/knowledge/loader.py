"""Load a knowledge base from its two folders."""

from __future__ import annotations

from pathlib import Path

from provider_advisor.knowledge.cache import key_of, recall, remember
from provider_advisor.knowledge.files import gather
from provider_advisor.knowledge.records import KnowledgeBase

__all__ = ["load"]


def load(facts: str | Path | None = None, rules: str | Path | None = None) -> KnowledgeBase:
    """The knowledge base in the folders `facts` and `rules`; None stands for the one that is shipped.

    Raises KnowledgeError with every problem of every file, each as `file:line: what is wrong; what was expected`.
    """
    files = gather(None if facts is None else Path(facts), None if rules is None else Path(rules))
    key = key_of(files)
    knowledge = recall(key)
    if knowledge is None:
        # The checking library takes longer to import than an answer takes, and a kept base needs none of it.
        from provider_advisor.knowledge.build import build  # noqa: PLC0415

        knowledge = build(files)
        remember(key, knowledge)
    return knowledge
