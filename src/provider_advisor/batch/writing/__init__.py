"""Scored rows and rejects on their way to files that appear only when they are complete."""
