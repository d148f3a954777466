"""The HTTP surface, one file a subject."""
