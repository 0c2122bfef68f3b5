"""Explain a decision: records that become JSON, and the sentences in them.

Nothing is imported here, so that printing a schema does not load the engine.
"""
