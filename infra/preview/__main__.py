"""`make preview STACK=gke [OUT=folder] [BASE=git-ref] [COMMENT=file]`.

Ends with 0; with 1 where a policy is not kept; with 2 where there is nothing to show.
"""

import argparse
import sys
from pathlib import Path

from infra.preview import objects, runs
from infra.preview.difference import changes
from infra.preview.report import Report, markdown, refusal, text
from infra.preview.stacks import stacks
from infra.preview.verdict import exposures, violations

ROOT = Path(__file__).parents[2]


def main(arguments: list[str]) -> int:
    """Show the preview that the arguments ask for; return the exit code."""
    options = _parser().parse_args(arguments)
    if not options.stack:
        return _refused(f"which stack? make preview STACK={'|'.join(stacks(ROOT))}")
    out: Path = options.out or ROOT / "build" / "preview" / options.stack
    try:
        now, before = runs.preview(ROOT, options.stack, options.base or None)
        written = objects.write(now.graph, out)
    except (runs.PreviewError, objects.FolderTakenError) as error:
        _comment(options.comment, refusal(options.stack, str(error)))
        return _refused(str(error))
    report = Report(
        stack=options.stack,
        graph=now.graph,
        violations=[*exposures(now.graph.by_urn, now.exposed), *violations(now.graph, now.platform)],
        changes=changes(before.graph, now.graph) if before else None,
        base=options.base,
    )
    sys.stdout.writelines(f"{line}\n" for line in text(report))
    sys.stdout.write(f"\nwrote {written} files of YAML to {out}\n")
    _comment(options.comment, markdown(report))
    return 1 if report.violations else 0


def _comment(file: Path | None, said: str) -> None:
    if file:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(said)


def _refused(message: str) -> int:
    sys.stderr.write(f"{message}\n")
    return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m infra.preview", description=__doc__)
    parser.add_argument("stack", nargs="?", default="", help="the stack, as in Pulumi.<stack>.yaml")
    parser.add_argument("--out", type=Path, help="the folder for the YAML; build/preview/<stack> without one")
    parser.add_argument("--base", default="", help="a git ref: show what has changed since")
    parser.add_argument("--comment", type=Path, help="a file for the same as Markdown")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
