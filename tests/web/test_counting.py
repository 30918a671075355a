"""The cache keeps numbers and nothing else: whoever can write to a Redis that the nodes share runs nothing in them."""

import sys
from pathlib import Path
from typing import Any

import pytest

from flinkey_admin.web.counting import Numbers
from tests.project.source import start
from tests.project.test_settings import changed

# What a stranger has put into Redis, read as the configured cache reads it.
READS = """
import pathlib, pickle, sys
import django
django.setup()
from django.core.cache import cache
from django.core.cache.backends.redis import RedisSerializer
class Bomb:
    def __init__(self, path):
        self.path = path
    def __reduce__(self):
        return pathlib.Path.touch, (pathlib.Path(self.path),)
RedisSerializer().loads(pickle.dumps(Bomb(sys.argv[2])))
reader = cache._cache._serializer
print(reader.loads(b"17"), end=" ")
try:
    reader.loads(pickle.dumps(Bomb(sys.argv[1])))
except ValueError:
    print("refused", end=" ")
print(*(cache._servers))
"""


@pytest.mark.sampled(1)
@pytest.mark.parametrize(
    "url", ["redis://cache.example:6379/0", "rediss://me:a%20word@cache.example:6380/3?ssl_ca_certs=/etc/ours.pem"]
)
def test_nothing_that_is_found_in_redis_is_run(tmp_path: Path, url: str) -> None:
    ran, ran_as_usual = tmp_path / "ran", tmp_path / "ran as usual"
    env = changed({"CACHE_URL": url}, VAR_DIR=str(tmp_path / "var"))
    done = start(env, [sys.executable, "-c", READS, str(ran), str(ran_as_usual)])
    assert (done.stdout, done.stderr) == (f"17 refused {url}\n", "")
    assert (ran.exists(), ran_as_usual.exists()) == (False, True)


@pytest.mark.sampled(1)
@pytest.mark.parametrize("value", ["1", True, 1.5, None, b"1", [1]])
def test_nothing_but_whole_numbers_is_put_there(value: Any) -> None:
    with pytest.raises(TypeError):
        Numbers().dumps(value)
    assert Numbers().loads(str(Numbers().dumps(17)).encode()) == 17
