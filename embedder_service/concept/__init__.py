"""The model that needs no hub."""
