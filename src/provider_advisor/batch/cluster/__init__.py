"""A run from files to files, with Spark dealing the work out to many workers."""

from provider_advisor.batch.cluster.run import run_on_spark

__all__ = ["run_on_spark"]
