"""The plain way to write the same: one FastAPI app with SQLAlchemy, no events, no sync, no history, no sign-in.

Run as `python -m bench.plain PORT URL`, the URL being SQLAlchemy's, of a SQLite file or a PostgreSQL database. It is
what the platform's figures are held against.
"""

import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID, uuid4

import uvicorn
from fastapi import Depends, FastAPI, HTTPException, Query
from pydantic import BaseModel, ConfigDict
from sqlalchemy import JSON, DateTime, Index, event, func, or_, select
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

PERSON = "me"
RANKS = {"none": 0, "low": 1, "medium": 2, "high": 3, "urgent": 4}


class Base(DeclarativeBase):
    pass


class Row(Base):
    __tablename__ = "tasks"
    __table_args__ = (Index("by_person", "person", "status", "created_at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    person: Mapped[str]
    title: Mapped[str]
    description: Mapped[str] = mapped_column(default="")
    status: Mapped[str] = mapped_column(default="open")
    priority: Mapped[int] = mapped_column(default=0)
    tags: Mapped[list[str]] = mapped_column(JSON, default=list)
    due: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class Create(BaseModel):
    title: str
    description: str = ""
    priority: str = "none"
    tags: list[str] = []
    due: datetime | None = None


class Read(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    title: str
    description: str
    status: str
    priority: int
    tags: list[str]
    due: datetime | None
    version: int
    created_at: datetime
    updated_at: datetime


class Page(BaseModel):
    items: list[Read]
    total: int


def _row(body: Create, person: str) -> Row:
    now = datetime.now(UTC)
    values = body.model_dump() | {"priority": RANKS[body.priority]}
    return Row(person=person, created_at=now, updated_at=now, **values)


def _engine(url: str) -> AsyncEngine:
    if not url.startswith("sqlite"):
        return create_async_engine(url, pool_size=20)
    engine = create_async_engine(url)

    @event.listens_for(engine.sync_engine, "connect")
    def durable(connection: object, _: object) -> None:
        cursor = connection.cursor()  # type: ignore[attr-defined]
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.close()

    return engine


def build(url: str) -> FastAPI:
    engine = _engine(url)
    sessions = async_sessionmaker(engine, expire_on_commit=False)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with engine.begin() as connection:
            await connection.run_sync(Base.metadata.create_all)
        yield
        await engine.dispose()

    async def session() -> AsyncIterator[AsyncSession]:
        async with sessions() as opened:
            yield opened

    app = FastAPI(lifespan=lifespan)
    _routes(app, Annotated[AsyncSession, Depends(session)])
    return app


def _routes(app: FastAPI, Session: type) -> None:  # noqa: N803 - a type
    @app.post("/tasks", status_code=201)
    async def create(body: Create, session: Session, person: str = PERSON) -> Read:  # type: ignore[valid-type]
        row = _row(body, person)
        session.add(row)
        await session.commit()
        return Read.model_validate(row)

    @app.post("/import", status_code=201)
    async def take_in(bodies: list[Create], session: Session, person: str = PERSON) -> dict[str, int]:  # type: ignore[valid-type]
        session.add_all([_row(body, person) for body in bodies])
        await session.commit()
        return {"created": len(bodies)}

    @app.get("/tasks/{task_id}")
    async def read(task_id: UUID, session: Session) -> Read:  # type: ignore[valid-type]
        row = await session.get(Row, task_id)
        if row is None:
            raise HTTPException(404)
        return Read.model_validate(row)

    @app.get("/tasks")
    async def listing(
        session: Session,  # type: ignore[valid-type]
        person: str = PERSON,
        q: str = "",
        status: str = "open",
        priority: Annotated[Sequence[str], Query()] = (),
        limit: int = 100,
    ) -> Page:
        found = select(Row).where(Row.person == person, Row.status == status)
        for word in q.split():
            found = found.where(or_(Row.title.icontains(word), Row.description.icontains(word)))
        if priority:
            found = found.where(Row.priority.in_([RANKS[p] for p in priority]))
        total = await session.scalar(select(func.count()).select_from(found.subquery()))
        rows = await session.scalars(found.order_by(Row.created_at, Row.id).limit(limit))
        return Page(items=[Read.model_validate(row) for row in rows], total=total)


if __name__ == "__main__":
    uvicorn.run(build(sys.argv[2]), host="127.0.0.1", port=int(sys.argv[1]), log_level="warning", access_log=False)
