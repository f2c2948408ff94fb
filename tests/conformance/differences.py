"""Where daprd and the embedded runtime differ, by name: what each does, and why it stays so.

A case that meets a difference asks `differs` for what to expect, and so holds both sides to it: one that is gone
fails its case. `docs/conformance.md` shows this table.
"""

from dataclasses import dataclass
from typing import Final, TypeVar

from tests.conformance.harness import Runtime

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Difference:
    """What each runtime does, and why it is left so."""

    embedded: str
    daprd: str
    why: str


DIFFERENCES: Final = {
    "access-control": Difference(
        "a call that no edge of the catalogue allows is denied with 403",
        "the application gets it",
        "daprd knows a caller by its certificate alone, and on one machine there is no Sentry to issue one; "
        "clusters deny it",
    ),
    "answer-streams": Difference(
        "an answer is passed on as it comes",
        "it arrives when it is whole",
        "between sidecars of this version, daprd collects an answer first",
    ),
    "app-away-events": Difference(
        "the partitions of an application that is away go to its other replicas",
        "they wait for it as long as its sidecar is there",
        "here the sidecars are one process, which goes by the application alone",
    ),
    "app-away-health": Difference(
        "`/v1.0/healthz` follows the application, however often it goes and comes",
        "`/v1.0/healthz` stays 204 once the application was there",
        "daprd asks for an application's health only where it is told to",
    ),
    "app-away-jobs": Difference(
        "a job waits for its application without losing a try",
        "each try counts while the sidecar is there, and a job of the policy `drop` is lost",
        "losing jobs is not worth copying; ours are never given up",
    ),
    "body-limit-invocation": Difference(
        "a request over the limit is answered with 413 and `ERR_BODY_READ`",
        "it is answered with 500 and `ERR_DIRECT_INVOKE`, or the connection is reset",
        "413 names the cause",
    ),
    "body-limit-state": Difference(
        "a request over the limit is answered with 413",
        "it is answered with 400",
        "413 names the cause",
    ),
    "broken-answer": Difference(
        "an answer that breaks off breaks the connection to the caller",
        "what came is passed on as if it were all",
        "a caller could not tell half from whole",
    ),
    "bulk-again": Difference(
        "of a bulk delivery, what follows the first event that is not done comes again",
        "all of it comes again",
        "consumers skip what they have done, so either will do",
    ),
    "bulk-publish-stable": Difference(
        "`BulkPublishEvent` and `BulkPublishEventAlpha1` are one",
        "there is the latter only",
        "newer versions of daprd have both; the services call the one that all have",
    ),
    "caller-header": Difference(
        "a `dapr-caller-app-id` that the caller sets is replaced by the true one",
        "it is kept beside the true one",
        "services trust this header, and refuse one that is there twice",
    ),
    "conversation-scrub": Difference(
        "a talk that asks for personal data to be scrubbed is refused",
        "what looks like an address or a number is taken out",
        "no service asks for it, and to ignore it would be a promise broken",
    ),
    "event-size": Difference(
        "an event has at most the 4 MB of any message",
        "Kafka takes at most 1 MB, and the answer is 500",
        "the largest event of ours, a task with its former values, has less than a quarter of that",
    ),
    "hop-by-hop": Difference(
        "headers that `Connection` names stay behind, both ways",
        "they are passed on",
        "RFC 9110, section 7.6.1",
    ),
    "jobs-list": Difference(
        "jobs can be listed, and deleted by the prefix of their names",
        "there are no such methods",
        "newer versions of daprd have them, and the stubs too",
    ),
    "mail-checks": Difference(
        "mail without a recipient or a subject, or with a line break in one, is refused",
        "what is missing is taken from the mail before it, and line breaks are encoded",
        "daprd's binding keeps what it is told between requests; notification always says everything",
    ),
    "malformed-http": Difference(
        "what is no HTTP is answered with 400 and an error in JSON",
        "it is answered in plain text, with the status of Go's server",
        "neither repeats what it could not read",
    ),
    "metadata-headers": Difference(
        "of an event's metadata, what cannot be an HTTP header is left out",
        "the event cannot be delivered, and its partition waits until it expires",
        "one odd publisher would stop everybody; ours send a partition key and nothing else",
    ),
    "path-as-sent": Difference(
        "the path is decoded once and tidied, so that what is checked is what is sent",
        "without access control the path is passed on as it came, but for encoded percent signs, which are decoded",
        "on clusters daprd compares the tidied path with its rules",
    ),
    "replica-choice": Difference(
        "replicas take turns",
        "each call goes to a replica by chance",
        "the SQLite resolver, which one machine uses, draws lots",
    ),
    "secret-store-scope": Difference(
        "an application without secrets has no secret store",
        "it has one, which denies it everything",
        "on one machine daprd reads the secrets of components from the same store",
    ),
    "subscriptions-read": Difference(
        "an application that starts again is asked again what it subscribes to",
        "it was asked once, when its sidecar started",
        "a pod's containers start together; the processes of `make up` need not",
    ),
    "unknown-grpc-method": Difference(
        "a gRPC method that does not exist is UNIMPLEMENTED",
        "it is UNKNOWN: daprd takes it for a call of an application",
        "the embedded runtime does not proxy gRPC",
    ),
}


def differs(runtime: Runtime, name: str, *, embedded: T, daprd: T) -> T:
    """Return what to expect of this runtime, where the two differ; KeyError for a difference that is not listed."""
    assert DIFFERENCES[name]
    return embedded if runtime.name == "embedded" else daprd


def table() -> str:
    """Return the differences as they stand in the documentation."""
    rows = [f"| `{name}` | {d.embedded} | {d.daprd} | {d.why} |" for name, d in sorted(DIFFERENCES.items())]
    return "\n".join(["| name | embedded | daprd | why it is left so |", "| --- | --- | --- | --- |", *rows])
