"""The CI gate: a run against a baseline; one decision feeds the terminal, JSON, JUnit, GitHub, GitLab, exit code."""
