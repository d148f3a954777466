"""Fills the index from a folder of photos: `python -m indexer FOLDER`."""
