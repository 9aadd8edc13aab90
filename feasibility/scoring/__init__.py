"""The two scores: the ladder of stages, one output at a time and many at once."""
