"""Paths: what is checked is what is sent, whatever the caller writes."""

from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.model import Edge
from infra.local.runtime.access import InvalidPathError, allowed, encode, matches, normalize

SEGMENT = st.sampled_from(["a", "..", ".", "", "%2e%2e", "%2E.", "%2f", "..%2f", "%252e", "ü", "%20", "a;b", "%5c.."])


@pytest.mark.parametrize(
    ("pattern", "path", "expected"),
    [
        ("/mcp", "/mcp", True),
        ("/mcp", "/mcp/x", False),
        ("/people/*", "/people/1", True),
        ("/people/*", "/people", False),
        ("/people/*", "/people/1/2", False),
        ("/people/*", "/peoples/1", False),
        ("/api/**", "/api", True),
        ("/api/**", "/api/a/b/c", True),
        ("/api/**", "/apis", False),
        ("/**", "/", True),
        ("/**", "/x/y", True),
    ],
)
def test_patterns(pattern: str, path: str, expected: bool) -> None:
    assert matches(pattern, path) is expected


def test_an_edge_allows_its_callee_and_its_methods_only() -> None:
    edges = (Edge(callee="backend", methods=("GET",), path="/api/**"),)
    assert allowed(edges, "backend", "GET", "/api/x")
    assert not allowed(edges, "audit", "GET", "/api/x")
    assert not allowed(edges, "backend", "POST", "/api/x")
    assert not allowed((), "backend", "GET", "/api/x")


@given(st.lists(SEGMENT, max_size=8))
def test_a_normalized_path_has_nothing_left_to_resolve(segments: list[str]) -> None:
    path = normalize("/" + "/".join(segments))
    assert path.startswith("/")
    assert not {"..", ".", ""} & set(path.split("/")[1:]) or path == "/"


@given(st.lists(SEGMENT, max_size=8))
def test_what_is_sent_decodes_to_what_was_checked(segments: list[str]) -> None:
    path = normalize("/" + "/".join(segments))
    assert unquote(encode(path)) == path
    assert normalize(encode(path)) == path


@given(st.text(st.characters(codec="ascii"), max_size=20))
def test_any_text_is_normalized_or_refused(raw: str) -> None:
    try:
        path = normalize(raw)
    except InvalidPathError:
        return
    assert normalize(encode(path)) == path
