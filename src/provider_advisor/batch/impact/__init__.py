"""Two knowledge bases over the same teams: which verdicts change, how, and why."""
