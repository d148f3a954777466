"""Models with a text and an image tower: CLIP, SigLIP and their like, and what computes them."""
