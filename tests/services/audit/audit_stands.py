"""What stands beside the audit service in its tests: a backend with a log, and a sidecar whose calls can go wrong."""

from fastapi import FastAPI, Response

from components.catalogue import BACKEND
from services.kit.config import Config
from services.kit.events import TaskEvent
from services.kit.position import LogSlice
from services.kit.sidecar import Sidecar, SidecarError


class BackendLog:
    """The backend as the audit service needs it: `GET /internal/log/{person}`, at most two events an answer."""

    def __init__(self) -> None:
        self.logs: dict[str, list[TaskEvent]] = {}
        self.calls: list[tuple[str, int, int]] = []
        self.status = 200

    def app(self) -> FastAPI:
        app = FastAPI()
        app.add_api_route("/internal/log/{person}", self._read, methods=["GET"])
        return app

    async def answers(self, sidecar: Sidecar) -> bool:
        reply = await sidecar.invoke(BACKEND, "GET", "/internal/log/nobody", query={"epoch": "1", "since": "0"})
        return reply.status == 404

    async def _read(self, person: str, epoch: int, since: int) -> Response:
        self.calls.append((person, epoch, since))
        if self.status != 200:
            return Response(status_code=self.status)
        log = self.logs.get(person)
        if not log:
            return Response(status_code=404)
        current = log[-1].epoch
        after = [e for e in log if e.epoch == current and (epoch != current or e.seq > since)]
        part = LogSlice(epoch=current, seq=log[-1].seq, events=after[:2])
        return Response(part.model_dump_json(), media_type="application/json")


class FaultySidecar(Sidecar):
    """A sidecar that counts what it is asked, and whose next saves go as `script` says.

    `ok`: as usual. `lost`: it is written, and the reply is lost. `refused`: it is not written.
    """

    def __init__(self, config: Config) -> None:
        super().__init__(config)
        self.script: list[str] = []
        self.reads = 0
        self.writes = 0

    async def _call(self, operation: str, request: object, **options: float) -> object:
        if operation.startswith("Get"):
            self.reads += 1
        if operation != "SaveState":
            return await super()._call(operation, request, **options)
        self.writes += 1
        fate = self.script.pop(0) if self.script else "ok"
        if fate == "refused":
            raise SidecarError("SaveState: UNAVAILABLE: as the test wants it")
        answer = await super()._call(operation, request, **options)
        if fate == "lost":
            raise SidecarError("SaveState: DEADLINE_EXCEEDED: as the test wants it")
        return answer
