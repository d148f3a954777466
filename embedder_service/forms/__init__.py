"""The forms in which a model can be computed: made once, compared with the reference, and kept."""
