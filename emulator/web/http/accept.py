"""Accept: which of two media types a client would rather have (RFC 9110, 12.5.1). No I/O."""


def prefers(accept: str, media_type: str, other: str) -> bool:
    """Whether `media_type` is wanted more than `other`; not where they are wanted alike.

    A range that cannot be read counts for nothing. Without a header all are wanted alike.
    """
    ranges = [_range(text) for text in accept.lower().split(",") if text.strip()]
    return _quality(media_type, ranges) > _quality(other, ranges)


def _range(text: str) -> tuple[str, float]:
    """A media range and its weight. Parameters other than `q` narrow it: those we serve none of."""
    name, *parameters = (part.strip() for part in text.split(";"))
    weight = 1.0
    for parameter in parameters:
        key, _, value = parameter.partition("=")
        if key.strip() == "q":
            try:
                weight = float(value)
            except ValueError:
                return name, 0.0
    return name, weight if 0 <= weight <= 1 else 0.0


def _quality(media_type: str, ranges: list[tuple[str, float]]) -> float:
    """The weight of the most specific range that holds the type; 0 where none does."""
    of_kind = media_type.partition("/")[0] + "/*"
    for wanted in (media_type, of_kind, "*/*"):
        weights = [weight for name, weight in ranges if name == wanted]
        if weights:
            return max(weights)
    return 0.0
