"""Tuning by a recipe: the trainer, checkpoints with their records, several processes."""
