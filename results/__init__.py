"""What was answered and how it was judged: run folders, statistics, comparisons."""
