"""The static files of production: without comments and spaces, compressed, and named by their content."""

import re
from pathlib import Path
from typing import Any

from django.contrib.staticfiles import finders
from django.core.files.base import ContentFile
from rcssmin import cssmin
from rjsmin import jsmin
from whitenoise.storage import CompressedManifestStaticFilesStorage

# Our scripts load each other by name. Django's own switch for this would also look into a package's comments.
IMPORTS = (r"""(?P<matched>import\("(?P<url>\./[^"]+)"\))""", 'import("%(url)s")')
SMALLER = {".css": cssmin, ".js": jsmin}
# What a stylesheet begins with goes into it: a file of its own costs a request, and half a kilobyte of headers.
BEGINS_WITH = re.compile(r"""@import (?:url\()?"(\w+)[.\w]*\.css"\)?;""")


class SmallFiles(CompressedManifestStaticFilesStorage):  # type: ignore[misc]  # whitenoise has no types
    """Leaves out of our own styles and scripts what only people read; a package's come small already."""

    patterns = (*CompressedManifestStaticFilesStorage.patterns, ("js/*.js", (IMPORTS,)))

    def _save(self, name: str, content: Any) -> str:
        for suffix, smaller in SMALLER.items():
            if name.endswith(suffix) and ".min." not in name:
                content.seek(0)
                text = content.read()
                whole = BEGINS_WITH.sub(_imported, text.decode() if isinstance(text, bytes) else text)
                content = ContentFile(smaller(whole).encode())
        saved: str = super()._save(name, content)
        return saved


def _imported(begins: re.Match[str]) -> str:
    return Path(str(finders.find(f"css/{begins[1]}.css"))).read_text(encoding="utf-8")
