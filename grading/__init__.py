"""Grades many submissions: papermill runs them, `utils.checks` marks them."""

import sys

from .version import on_disk

# Told before any of the rest is imported: what this process has loaded, whatever comes later.
VERSION = on_disk()

# jsonschema makes a grammar of IRIs when it is imported, for seconds; no notebook has one. None
# stands for a module that can't be imported (docs.python.org/3/reference/import.html), and
# jsonschema goes without.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
