"""Remote inputs and outputs, named by URLs; their secrets are never shown."""
