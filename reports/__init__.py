"""What we tell: runs on disk, statistics, comparison, gate, HTML and terminal tables."""
