"""Several tasks for one model: their core parameters, blending what each learned alone, teaching them in stages."""
