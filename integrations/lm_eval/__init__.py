"""The task folder of lm-evaluation-harness: give this folder to its ``--include_path``."""
