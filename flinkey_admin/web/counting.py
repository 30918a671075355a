"""How often something has happened lately: counted in the cache, so by all nodes together where they share one.

The counts only keep away who asks too often, so a cache that does not answer counts as nothing: whoever asks is served.
"""

import logging

from django.core.cache import cache

try:
    from redis.exceptions import RedisError
except ModuleNotFoundError:  # an extra: whoever runs one node needs none

    class RedisError(Exception):  # type: ignore[no-redef]
        """Never raised."""


logger = logging.getLogger(__name__)


class Numbers:
    """What the cache writes into Redis and takes back: whole numbers (OPTIONS["serializer"] of Django's RedisCache).

    Django's own would unpickle whatever it finds there, which runs the code of whoever can write to that Redis.
    """

    def dumps(self, value: int) -> int:
        """The number, as Redis itself counts it on. Raises TypeError for anything else."""
        if type(value) is not int:
            raise TypeError(f"the cache keeps whole numbers alone, not {type(value).__name__}")
        return value

    def loads(self, data: bytes) -> int:
        """Raises ValueError for what is no number."""
        return int(data)


def so_far(key: str) -> int:
    """How often it has happened within the spell that is running."""
    try:
        return int(cache.get(key, 0))
    except (RedisError, OSError, ValueError) as error:
        return _unknown(error)


def count(key: str, spell: int) -> int:
    """Counts one more; how many it makes within a spell of so many seconds, which begins with the first."""
    try:
        cache.add(key, 0, spell)
        return cache.incr(key)
    except ValueError:  # it has run out in between
        return 1
    except (RedisError, OSError) as error:
        return _unknown(error)


def _unknown(error: Exception) -> int:
    logger.warning("the cache does not answer, so nothing is counted: %s", error)
    return 0
