"""One run in a process of its own: `python -m preview.worker ROOT STACK FILE` writes what was registered as JSON.

ROOT may be another version of the repository. Its own `infra` and `components` are then first on the path, and this
package, which is called `preview` there, comes from the version that asks.
"""

import contextlib
import json
import sys
import traceback
from pathlib import Path
from typing import Any

from .graph import in_plain_text, to_json
from .mocked import GENERATED, PROJECT, run_program
from .stacks import PLATFORM, NoSuchStackError, configuration


def main(root: Path, stack: str, file: Path) -> None:
    """Run the program and write the outcome."""
    with contextlib.redirect_stdout(sys.stderr):
        outcome = preview(root, stack)
    file.write_text(json.dumps(outcome))


def preview(root: Path, stack: str) -> dict[str, Any]:
    """Return the graph, or the `error` that there is none for; no secret is in either."""
    try:
        config, secret = configuration(root, stack)
        graph = run_program(root, stack, config, secret)
    except NoSuchStackError as error:
        return {"missing": True, "error": str(error)}
    except Exception as error:  # noqa: BLE001 - the program may raise anything
        if type(error).__name__ == "SettingsError":  # of that version's `infra`: no class of ours
            return {"error": str(error)}
        return {"error": f"the program of stack {stack} failed\n{traceback.format_exc()}"}
    words = GENERATED | {config[f"{PROJECT}:{key}"] for key in secret}
    return {**to_json(graph, words), "exposed": in_plain_text(graph, words), "platform": config.get(PLATFORM, "")}


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3]))
