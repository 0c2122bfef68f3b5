"""Many teams on Spark: from files to files (`driver`, which has `worker` do the work), or in a DataFrame (`dataframe`).

Nothing is imported here: a worker that scores a DataFrame needs no files.
"""
