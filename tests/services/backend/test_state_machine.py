"""REST driven side by side with a model in plain Python: two replicas, one store, and any sequence of calls."""

import asyncio
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    precondition,
    rule,
)

from backend.client import Answer, some_id
from backend.inprocess import Running, call
from backend.memory import Memory
from backend.model import FIELDS, Entry, Model

titles = st.sampled_from(["one", "two", "three"])
priorities = st.sampled_from(["none", "low", "urgent"])
tags = st.lists(st.sampled_from(["a", "B", "c"]), unique=True, max_size=3)
patches = st.fixed_dictionaries({}, optional={"title": titles, "priority": priorities, "tags": tags})


class Rest(RuleBasedStateMachine):
    """One person, whose calls go to either of two replicas."""

    ids = Bundle("ids")
    undos = Bundle("undos")

    @initialize()
    def begin(self) -> None:
        self.runner = asyncio.Runner()
        memory = Memory()
        self.replicas = [Running(memory) for _ in range(2)]
        self.apps = [self.run(each.start()) for each in self.replicas]
        self.model = Model()
        self.seq = 0
        self.calls = 0
        self.last: tuple[str, str, Any, dict[str, str], Answer] | None = None

    def teardown(self) -> None:
        if hasattr(self, "runner"):
            for each in reversed(self.replicas):
                self.run(each.stop())
            self.runner.close()

    def run(self, coroutine: Any) -> Any:
        return self.runner.run(coroutine)

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """Call the replicas in turn; remember a changing call, and its key, for a repeat."""
        self.calls += 1
        if method != "GET":
            headers = {"Idempotency-Key": f"key {self.calls}"} | headers
        answer: Answer = self.run(call(self.apps[self.calls % 2], method, path, body, headers))
        if method != "GET" and answer.status < 400:
            self.last = (method, path, body, headers, answer)
        return answer

    def settle(self, trial: Model, answer: Answer) -> None:
        """Take over what was tried if the call was accepted."""
        change = answer.headers.get("X-Change-Id")
        self.model.commit(trial, change)

    @rule(target=ids, title=titles, priority=priorities, tags=tags)
    def create(self, title: str, priority: str, tags: list[str]) -> str:
        wanted = some_id()
        answer = self.call("POST", "/api/tasks", {"id": wanted, "title": title, "priority": priority, "tags": tags})
        assert (answer.status, answer.id) == (201, wanted)
        trial = self.model.begin()
        trial.tasks[wanted] = {"title": title, "priority": priority, "tags": tags, "status": "open"}
        self.settle(trial, answer)
        return wanted

    @rule(task_id=ids)
    def create_again(self, task_id: str) -> None:
        answer = self.call("POST", "/api/tasks", {"id": task_id, "title": "again"})
        if task_id in self.model.tasks:
            assert (answer.status, answer.json["change"]) == (200, None)
            return
        trial = self.model.begin()
        if answer.status == 201:  # only its creation had been undone: the id is free
            trial.tasks[task_id] = {"title": "again", "priority": "none", "tags": [], "status": "open"}
            self.settle(trial, answer)
        else:
            assert answer.status == 409

    @rule(task_id=ids, patch=patches)
    def patch(self, task_id: str, patch: dict[str, Any]) -> None:
        self.act("PATCH", task_id, "", patch, patch)

    @rule(task_id=ids, action=st.sampled_from([("complete", "completed"), ("reopen", "open")]))
    def turn(self, task_id: str, action: tuple[str, str]) -> None:
        self.act("POST", task_id, f"/{action[0]}", None, {"status": action[1]})

    @rule(task_id=ids)
    def delete(self, task_id: str) -> None:
        answer = self.call("DELETE", f"/api/tasks/{task_id}")
        trial = self.model.begin()
        assert answer.status == (204 if trial.tasks.pop(task_id, None) else 404)
        self.settle(trial, answer)

    def act(self, method: str, task_id: str, path: str, body: Any, fields: dict[str, Any]) -> None:
        answer = self.call(method, f"/api/tasks/{task_id}{path}", body)
        trial = self.model.begin()
        if task_id not in trial.tasks:
            assert answer.status == 404
            return
        trial.tasks[task_id] |= fields
        assert answer.status == 200
        assert {name: answer.json[name] for name in FIELDS} == trial.tasks[task_id]
        self.settle(trial, answer)

    @rule(task_ids=st.lists(ids, min_size=1, max_size=4), patch=patches, ends=st.booleans())
    def batch(self, task_ids: list[str], patch: dict[str, Any], ends: bool) -> None:
        operations: list[dict[str, Any]] = [{"op": "update", "id": i, "task": patch} for i in task_ids]
        if ends:
            operations.append({"op": "delete", "id": task_ids[0]})
        answer = self.call("POST", "/api/tasks/batch", {"operations": operations})
        missing = next((n for n, i in enumerate(task_ids) if i not in self.model.tasks), None)
        if missing is not None:
            assert (answer.status, answer.json["index"]) == (404, missing)
            return
        trial = self.model.begin()
        for task_id in task_ids:
            trial.tasks[task_id] |= patch
        if ends:
            del trial.tasks[task_ids[0]]
        assert answer.status == 200
        self.settle(trial, answer)

    @rule(target=undos)
    def undo_latest(self) -> Any:
        answer, entry = self.call("POST", "/api/undo"), self.model.latest()
        if entry is None:
            assert answer.status == 409
            return multiple()
        return self.undone(answer, entry)

    @precondition(lambda self: self.model.entries)
    @rule(target=undos, data=st.data())
    def undo_some(self, data: st.DataObject) -> Any:
        entry = data.draw(st.sampled_from(self.model.entries))
        answer = self.call("POST", "/api/undo", {"change": entry.change})
        if entry.undone:
            assert answer.status == 409
            return multiple()
        return self.undone(answer, entry)

    def undone(self, answer: Answer, entry: Entry) -> Any:
        if blocked := self.model.in_the_way(entry):
            assert (answer.status, set(answer.json["tasks"])) == (409, blocked)
            return multiple()
        assert (answer.status, answer.json["undone"]) == (200, entry.change)
        self.model.undo(entry)
        return answer.json["change"], entry, len(self.model.entries)

    @rule(undo=consumes(undos))
    def redo(self, undo: tuple[str, Entry, int]) -> None:
        """Undo an undo, where nothing was changed since; an earlier undo may have gone further back meanwhile."""
        change, entry, entries = undo
        if not entry.undone or len(self.model.entries) != entries:
            return
        answer = self.call("POST", "/api/undo", {"change": change})
        if self.model.tasks == self.model.tasks | {i: t for i, t in entry.before.items() if t} and answer.status == 200:
            self.model.redo(entry)
        else:
            assert answer.status == 409

    @precondition(lambda self: self.last)
    @rule()
    def repeat(self) -> None:
        """A repeat under the same key gets the first answer, and changes nothing (the invariants say so)."""
        assert self.last
        method, path, body, headers, first = self.last
        again = self.call(method, path, body, **headers)
        assert (again.status, again.body) == (first.status, first.body)

    @rule(task_id=ids)
    def stale(self, task_id: str) -> None:
        answer = self.call("PATCH", f"/api/tasks/{task_id}", {"title": "never"}, **{"If-Match": '"999"'})
        assert answer.status == (412 if task_id in self.model.tasks else 404)

    @rule(
        status=st.sampled_from(["all", "open", "completed"]),
        wanted=st.lists(priorities, max_size=2),
        tag=st.sampled_from([None, "A", "b"]),
    )
    def filtered(self, status: str, wanted: list[str], tag: str | None) -> None:
        query = (
            f"status={status}&limit=500" + "".join(f"&priority={p}" for p in wanted) + (f"&tag={tag}" if tag else "")
        )
        found = {task["id"] for task in self.call("GET", f"/api/tasks?{query}").json["items"]}
        assert found == self.model.listed(status, wanted, tag)

    @invariant()
    def agrees(self) -> None:
        if not hasattr(self, "model"):
            return
        for app in self.apps:
            listed = self.run(call(app, "GET", "/api/tasks?status=all&limit=500")).json
            found = {task["id"]: {name: task[name] for name in FIELDS} for task in listed["items"]}
            assert found == self.model.tasks
        assert listed["seq"] >= self.seq
        self.seq = listed["seq"]


@pytest.mark.slow
@pytest.mark.slow
class TestRest(Rest.TestCase):  # type: ignore[name-defined, misc]
    settings = settings(
        max_examples=40, stateful_step_count=25, deadline=None, suppress_health_check=[HealthCheck.too_slow]
    )
