"""`python -m browser.pictures`: take the pictures of docs/images/ anew, from a platform with the tasks of a week."""

import sys
import tempfile
from pathlib import Path

from harness.browser import ROOT, build_page, find_chromium, play
from harness.platform import Platform

IMAGES = ROOT / "docs" / "images"


def main() -> None:
    """Take them; each is then to be looked at."""
    chromium = find_chromium() or sys.exit("no Chromium here: install it, or name it by CHROMIUM=path")
    build_page()
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="task-platform-pictures-") as folder:
        platform = Platform(Path(folder))
        platform.start()
        settings = {"PAGE": platform.url, "CHROMIUM": chromium, "PICTURES": str(IMAGES), "KEEP": folder}
        try:
            code, said = play("pictures.mjs", settings, 300, platform.kill)
        finally:
            platform.stop()
    sys.exit(said if code else 0)


if __name__ == "__main__":
    main()
