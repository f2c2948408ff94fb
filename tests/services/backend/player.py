"""A player of random steps on a few tasks, for the tests that hold any sequence of commands."""

from typing import Any
from uuid import UUID

from hypothesis import strategies as st

from backend.hand import Hand, due_in

TASKS = 3
Step = tuple[str, int, int]

steps = st.lists(
    st.tuples(
        st.sampled_from(["create", "title", "due", "tags", "complete", "reopen", "delete"]),
        st.integers(0, TASKS - 1),
        st.integers(0, 5),
    ),
    max_size=14,
)


class Player:
    """Plays steps on a few tasks; what cannot be done is left out."""

    def __init__(self) -> None:
        self.hand = Hand()
        self.ids: dict[int, UUID] = {}

    async def play(self, step: Step) -> UUID | None:
        """Do one step; return its change, None where nothing changed."""
        action, slot, value = step
        if action == "create":
            if slot in self.ids and await self.hand.task(self.ids[slot]):
                return None
            reminders = [{"before": "PT1H"}] if value % 2 else []
            self.ids[slot] = await self.hand.create(f"made {value}", due=due_in(days=9), reminders=reminders)
            return (await self.hand.commits())[-1].change
        if slot not in self.ids or not await self.hand.task(self.ids[slot]):
            return None
        return (await self._change(action, self.ids[slot], value)).change

    async def _change(self, action: str, task_id: UUID, value: int) -> Any:
        if action in {"complete", "reopen", "delete"}:
            return await getattr(self.hand, action)(task_id)
        fields: dict[str, Any] = {
            "title": {"title": f"title {value}"},
            "due": {"due": due_in(days=20 + value)},
            "tags": {"tags": [f"tag{value}"]},
        }[action]
        return await self.hand.patch(task_id, **fields)
