"""Rows of a table in, the answers that each would get alone out, as columns."""
