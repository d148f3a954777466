"""Ports that servers listen on."""


class PortUnavailable(Exception):
    """A server can't listen on its address. Its text is a sentence that says what to do."""
