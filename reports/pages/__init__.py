"""The pages of a report: an index, a page a problem, pictures; they open from a folder."""
