"""What a labeller raises when it cannot work here."""


class LabellerUnavailable(ValueError):
    """A labeller that cannot work here, and what it lacks."""
