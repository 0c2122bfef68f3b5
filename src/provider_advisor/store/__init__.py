"""Saved decisions: answers kept as they were, in SQLite or PostgreSQL, each behind a link that nobody can guess.

A decision is kept only where somebody asks for it (`recommend serve --store`). It is the record of an answer,
unchanged, with a title; whether it would be different today is found by asking its question again, and is not kept.
"""

from provider_advisor.store.decision_store import DecisionStore, KeptDecision, make_secret, open_store

__all__ = ["DecisionStore", "KeptDecision", "make_secret", "open_store"]
