"""Two knowledge bases over the same teams: which verdicts change, from what to what, because of what."""
