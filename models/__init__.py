"""Who answers: sources of weights, prompts, recipes, tuning methods, decoding, answering in batches."""
