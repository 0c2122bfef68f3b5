"""Many teams on Spark: from files to files (`driver` and `worker`), or in a DataFrame (`dataframe`).

Nothing is imported here, because scoring a DataFrame needs no code for files.
"""
