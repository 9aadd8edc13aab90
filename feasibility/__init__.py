"""Is it right? The formulation language, both scores, solving and proofs. Knows nothing of models or reports."""
