"""Accept: which of two media types a client prefers (RFC 9110, 12.5.1). No I/O."""


def prefers(accept: str, media_type: str, other: str) -> bool:
    """Whether `media_type` is preferred to `other`; False if both have the same weight.

    An invalid range has no weight. Without a header all types have the same weight.
    """
    ranges = [_range(text) for text in accept.lower().split(",") if text.strip()]
    return _quality(media_type, ranges) > _quality(other, ranges)


def _range(text: str) -> tuple[str, float]:
    """Parse a media range and its weight.

    A range with other parameters than `q` matches nothing here.
    """
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
    """Return the weight of the most specific range that includes the type; 0 without any."""
    of_kind = media_type.partition("/")[0] + "/*"
    for wanted in (media_type, of_kind, "*/*"):
        weights = [weight for name, weight in ranges if name == wanted]
        if weights:
            return max(weights)
    return 0.0
