"""The figures of the README, each measured beside something else in one run."""
