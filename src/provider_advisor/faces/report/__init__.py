"""A recommendation as a document: Markdown to commit, HTML to read and print.

Nothing is handed on here, so that Markdown needs no template library and the command imports neither until asked.
"""
