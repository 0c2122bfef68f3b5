"""Many teams at once."""
