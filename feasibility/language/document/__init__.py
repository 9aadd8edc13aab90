"""JSON in and out: strict reading, the schema, writing."""
