"""Where in its layers tuning changes a model."""
