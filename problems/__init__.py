"""What is asked: problem files, generated families, importers of public benchmarks, the audit of references."""
