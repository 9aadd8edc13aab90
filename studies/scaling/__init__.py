"""The scaling law of finetuning (arXiv 2402.17193): fitted, held out, with intervals, and where two of them cross."""
