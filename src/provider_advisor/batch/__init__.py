"""Many teams at once.

Nothing is imported here: a worker that scores a DataFrame needs no files, and a schema needs no columns.
"""
