"""A stage of the ladder a file."""
