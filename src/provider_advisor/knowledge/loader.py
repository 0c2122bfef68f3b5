"""Load a knowledge base from its two folders."""

from __future__ import annotations

from provider_advisor.knowledge.cache import key_of, recall, remember
from provider_advisor.knowledge.files import Folder, look
from provider_advisor.knowledge.records import KnowledgeBase

__all__ = ["load"]


def load(facts: Folder | None = None, rules: Folder | None = None) -> KnowledgeBase:
    """The knowledge base in the folders `facts` and `rules`; None stands for the one that is shipped.

    Raises KnowledgeError with every problem of every file, each as `file:line: what is wrong; what was expected`.
    """
    found = look(facts, rules)
    key = key_of(found.files)
    knowledge = None if found.problems else recall(key)
    if knowledge is None:
        # The checking library takes longer to import than an answer takes, and a kept base needs none of it.
        from provider_advisor.knowledge.build import build  # noqa: PLC0415

        knowledge = build(found.files, found.problems, found.unread)
        remember(key, knowledge)
    return knowledge
