"""Publish and subscribe as one application sees them: scopes, CloudEvents, consumer groups."""

import asyncio
import logging
import sqlite3
import uuid
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Final

import aiohttp

from components.embedded import RuntimeSettings
from components.model import Component
from infra.local.runtime.applications import Application
from infra.local.runtime.cloudevents import envelope
from infra.local.runtime.consumers import Backoff, Group, Member
from infra.local.runtime.errors import (
    entries_invalid,
    malformed,
    publish_failed,
    pubsub_missing,
    topic_empty,
    topic_forbidden,
)
from infra.local.runtime.registry import Registry
from infra.local.runtime.subscriptions import Subscription, announced
from infra.local.runtime.topics import Broker, NewMessage, Partition, Topic

log = logging.getLogger(__name__)

COMMIT_INTERVAL_SECONDS: Final = 0.2
ANNOUNCE_RETRY_SECONDS: Final = 1.0


@dataclass(frozen=True, slots=True)
class Entry:
    """One event of a bulk publish."""

    id: str
    data: bytes
    content_type: str
    metadata: dict[str, str] = field(default_factory=dict)


class PubSub:
    """Every publisher and every consumer group."""

    def __init__(self, settings: RuntimeSettings, registry: Registry, broker: Broker) -> None:
        self._settings = settings
        self._registry = registry
        self._broker = broker
        self._backoff = Backoff(settings.retry_seconds, settings.retry_cap_seconds)
        self._groups: dict[tuple[str, str], Group] = {}
        self._joined: dict[Application, list[tuple[str, str, bool]]] = {}
        self._subscribed: dict[Application, list[Subscription]] = {}
        self._offsets: dict[tuple[str, Partition], int] = {}
        self._offsets_changed = asyncio.Event()
        self._grouping = asyncio.Lock()

    async def publish(
        self, application: Application, pubsub: str, topic: str, entries: Sequence[Entry], traceparent: str
    ) -> None:
        """Publish all entries to one topic, or none; every entry carries its own metadata."""
        self._check(application, pubsub, topic, entries)
        messages = [
            NewMessage(
                envelope(
                    entry.data,
                    entry.content_type,
                    app_id=application.app_id,
                    topic=topic,
                    pubsub=pubsub,
                    traceparent=traceparent,
                    metadata=entry.metadata,
                ),
                entry.metadata,
            )
            for entry in entries
        ]
        try:
            await self._broker.publish(topic, messages)
        except sqlite3.Error as error:
            raise publish_failed(topic, pubsub, error) from error

    async def publish_bulk(
        self, application: Application, pubsub: str, topic: str, entries: Sequence[Entry], traceparent: str
    ) -> None:
        """Publish all entries, which are told apart by their ids, or none."""
        ids = {entry.id for entry in entries}
        if len(ids) < len(entries) or "" in ids:
            raise entries_invalid(topic, pubsub, "entryId is duplicated or not present for entry")
        await self.publish(application, pubsub, topic, entries, traceparent)

    async def up(self, application: Application) -> None:
        """Ask the application what it subscribes to, and let it join the groups."""
        subscriptions = await self._announced(application)
        self._subscribed[application] = subscriptions
        self._joined[application] = []
        for subscription in subscriptions:
            await self._join(application, subscription)

    async def down(self, application: Application) -> None:
        """Take the application out of its groups, and forget those that were its own."""
        for name, topic, ephemeral in self._joined.pop(application, []):
            group = self._groups[name, topic]
            if group.leave(application) and ephemeral:
                del self._groups[name, topic]
                await group.stop()
        self._subscribed.pop(application, None)

    def subscriptions(self, application: Application) -> list[Subscription]:
        """Return what the application has subscribed to."""
        return self._subscribed.get(application, [])

    async def commit_offsets(self) -> None:
        """Keep, now and then, how far the groups have come; runs for ever."""
        while True:
            await self._offsets_changed.wait()
            await asyncio.sleep(COMMIT_INTERVAL_SECONDS)
            with suppress(sqlite3.Error):
                await self._flush()

    async def stop(self) -> None:
        """End every delivery, and keep how far the groups have come."""
        await asyncio.gather(*(group.stop() for group in self._groups.values()))
        await self._flush()

    async def sweep(self) -> None:
        """Delete what has been consumed and is older than the retention."""
        groups = {
            _group_name(component, app.app_id, app.replica)
            for app in self._settings.apps
            for component in self._registry.visible(app.app_id, "pubsub")
            if not _is_ephemeral(component)
        }
        await self._broker.sweep(self._settings.retention_hours * 3600, groups)

    def _check(self, application: Application, pubsub: str, topic: str, entries: Sequence[Entry]) -> None:
        if self._registry.find(application.app_id, "pubsub", pubsub) is None:
            raise pubsub_missing(pubsub)
        if not topic:
            raise topic_empty(pubsub)
        if topic not in application.settings.publishes:
            raise topic_forbidden(topic, application.app_id)
        if any(entry.metadata.get("rawPayload", "").lower() == "true" for entry in entries):
            raise malformed("rawPayload is not offered by the embedded runtime")

    async def _announced(self, application: Application) -> list[Subscription]:
        while True:
            try:
                return await announced(application)
            except aiohttp.ClientConnectorError:
                return []  # it has gone again, which the watch will notice
            except (aiohttp.ClientError, ValueError) as error:
                log.warning("%s has not said what it subscribes to: %s", application.app_id, error)
                await asyncio.sleep(ANNOUNCE_RETRY_SECONDS)

    async def _join(self, application: Application, subscription: Subscription) -> None:
        component = self._registry.find(application.app_id, "pubsub", subscription.pubsub)
        if component is None:
            log.error("%s subscribes through %s: %s", application.app_id, subscription.pubsub, "not found")
            return
        if subscription.topic not in application.settings.consumes:
            log.error(
                "subscription to topic '%s' on pubsub '%s' is not allowed for app id %s",
                subscription.topic,
                subscription.pubsub,
                application.app_id,
            )
            return
        name = _group_name(component, application.app_id, application.settings.replica)
        ephemeral = _is_ephemeral(component)
        group = await self._group(name, subscription.topic, component, ephemeral=ephemeral)
        group.join(Member(application, subscription))
        self._joined[application].append((name, subscription.topic, ephemeral))

    async def _group(self, name: str, topic_name: str, component: Component, *, ephemeral: bool) -> Group:
        async with self._grouping:  # two replicas that come at once make one group
            if (name, topic_name) not in self._groups:
                topic = await self._broker.topic(topic_name)
                start = await self._start(name, topic, component, ephemeral=ephemeral)
                moved = partial(self._moved, None if ephemeral else name, topic)
                self._groups[name, topic_name] = Group(self._broker, topic, start, self._backoff, moved)
            return self._groups[name, topic_name]

    async def _start(self, name: str, topic: Topic, component: Component, *, ephemeral: bool) -> dict[int, int]:
        """Return where the group begins in each partition; a lasting group keeps that from its first join on."""
        metadata = self._registry.metadata(component)
        oldest = metadata.get("initialOffset", "newest").lower() == "oldest"
        start = {number: 0 if oldest else self._broker.end((topic.id, number)) for number in range(topic.partitions)}
        if ephemeral:
            return start
        known = self._broker.committed(name, topic)
        fresh = {(name, (topic.id, number)): start[number] for number in start.keys() - known.keys()}
        if fresh:
            await self._broker.commit(fresh)
        return start | known

    def _moved(self, name: str | None, topic: Topic, number: int, offset: int) -> None:
        if name is not None:
            self._offsets[name, (topic.id, number)] = offset
            self._offsets_changed.set()

    async def _flush(self) -> None:
        offsets, self._offsets = self._offsets, {}
        self._offsets_changed.clear()
        if not offsets:
            return
        try:
            await self._broker.commit(offsets)
        except sqlite3.Error:
            self._offsets = offsets | self._offsets
            self._offsets_changed.set()
            raise


def _template(component: Component) -> str:
    for name in ("consumerGroup", "consumerID"):
        value = component.metadata.get(name)
        if isinstance(value, str):
            return value
    return "{appID}"


def _is_ephemeral(component: Component) -> bool:
    return "{uuid}" in _template(component)


def _group_name(component: Component, app_id: str, replica: int) -> str:
    name = _template(component)
    for template, value in (
        ("{appID}", app_id),
        ("{namespace}", "default"),
        ("{podName}", f"{app_id}-{replica}"),
        ("{uuid}", str(uuid.uuid4())),
    ):
        name = name.replace(template, value)
    return name
