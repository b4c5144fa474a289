"""Failed: the exception of a command that could not do its work."""


class Failed(Exception):
    """A command could not do its work: one sentence for people, and the exit code."""

    def __init__(self, message: str, exit_code: int = 1) -> None:
        super().__init__(message)
        self.message = message
        self.exit_code = exit_code
