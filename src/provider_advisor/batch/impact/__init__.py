"""Two knowledge bases over the same teams: which verdicts change, from what to what, because of what.

Nothing is imported here: the schema of an impact needs no columns, which take long to import.
"""
