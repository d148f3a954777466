"""What can keep the system from starting."""


class CannotRun(Exception):
    """Its text is a sentence for the person at the terminal: what is wrong and what to do."""
