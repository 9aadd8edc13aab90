"""The formulation language: reading, schema, grammar, names. Text in, a formulation whose every name is known out."""
