"""A decision to reasons: records that become JSON, and the sentences in them.

Nothing is imported here, so that a schema is printed without the engine behind an answer.
"""
