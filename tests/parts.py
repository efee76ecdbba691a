"""Programs that some tests need and that no Python package brings: `promtool`, `prometheus`, `chromium`.

`.ci/run` installs them. Elsewhere a test that lacks one is skipped, and says which.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

REQUIRE_ALL = "AMANZHOL_REQUIRE_ALL"


def require_part(name: str) -> Path:
    """Path of a program. Where it is absent the test is skipped; under `AMANZHOL_REQUIRE_ALL=1` it fails."""
    found = shutil.which(name)
    if found is not None:
        return Path(found)
    missing = f"{name} is not on this machine"
    if os.environ.get(REQUIRE_ALL) == "1":
        pytest.fail(f"{missing}, and {REQUIRE_ALL}=1 wants every test to run", pytrace=False)
    pytest.skip(missing)
