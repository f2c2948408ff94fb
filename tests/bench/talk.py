"""What a chat turn costs: by rules, and with a model that answers at once, so that what is left is the way to it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from harness.language_model import Message, calls, says, serving

from bench.scenarios import PAUSE
from bench.stage import DAPR, Stage
from bench.timing import Line, Sample, timed

TITLE: Final = "A chat turn, with a list of 20 tasks"
_ASKED: Final = "show my tasks"
_TASKS: Final = 20
_TURNS: Final = 100  # a conversation takes 200


@contextmanager
def conversing(runtime: str) -> Iterator[dict[str, str]]:
    """Yield the settings of a platform whose chat goes the way of a model: two answers and one tool in each turn."""
    if runtime != DAPR:
        yield {"CONVERSATION": "rules"}
        return
    with serving(_model) as server:
        yield server.settings()


def _model(said: list[Message]) -> Message:
    return says("These are all.") if said[-1]["role"] == "tool" else calls("list_tasks")


async def turns(stage: Stage) -> Sample:
    """Ask the same thing again and again, in one conversation."""
    for number in range(_TASKS):
        await stage.call("POST", f"{stage.backend}/api/tasks", json={"title": f"task {number}"})
    chat, body = f"{stage.backend}/api/chat", {"message": _ASKED}
    body |= {"conversation": (await stage.call("POST", chat, json=body))["conversation"]}

    async def say(_: int) -> None:
        turn: dict[str, Any] = await stage.call("POST", chat, json=body)
        if turn["failed"]:
            raise RuntimeError(turn["reply"])

    return await timed(_TURNS, say, pause=PAUSE)


def lines(rules: Sample, model: Sample) -> list[Line]:
    """Return the two as lines of a table."""
    return [
        Line("by rules", rules),
        Line("by a model that answers at once: two answers, one tool", model, (("by rules", rules),)),
    ]
