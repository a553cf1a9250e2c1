"""What is raised when an answer holds no valid action."""


class Malformed(Exception):
    """An answer holds no valid action; the message is one sentence that tells the right form.

    Attributes:
        call: The number of the tool call at fault, from 0, among those of the answer.
    """

    def __init__(self, sentence: str, call: int = 0) -> None:
        super().__init__(sentence)
        self.call = call
