"""The questionnaire in a terminal, with arrow keys or line by line."""
