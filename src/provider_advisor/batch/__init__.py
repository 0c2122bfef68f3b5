"""Answer many teams at once.

Nothing is imported here: scoring a DataFrame needs no code for files, and a schema no code for columns.
"""
