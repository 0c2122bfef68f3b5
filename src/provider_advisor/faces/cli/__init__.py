"""The command line `recommend`: one module a command, and what they share."""
