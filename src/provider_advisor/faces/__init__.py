"""The ways in: each parses what was asked, calls the library and shows the answer."""
