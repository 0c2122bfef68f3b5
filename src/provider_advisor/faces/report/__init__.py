"""A recommendation as a document: Markdown to commit, HTML to read and print.

Nothing is re-exported here, so that Markdown needs no template library, and neither is imported until needed.
"""
