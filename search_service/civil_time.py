"""Civil times, which have no zone, as numbers that can be stored and compared."""

from datetime import datetime, timedelta

_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - civil times have no zone
_MICROSECOND = timedelta(microseconds=1)


def micros(civil_time: datetime) -> int:
    """Microseconds since the start of 1970 by the same clock."""
    return (civil_time - _EPOCH) // _MICROSECOND


def from_micros(number: int) -> datetime:
    """The civil time that `micros` made the number of."""
    return _EPOCH + number * _MICROSECOND
