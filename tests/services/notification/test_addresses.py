"""Public addresses are told from all others, in every form that they come in."""

from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notification.hostile import PRIVATE_ADDRESSES, PUBLIC_ADDRESSES
from services.notification.addresses import is_public


@pytest.mark.parametrize("address", PRIVATE_ADDRESSES)
def test_private_addresses(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", PUBLIC_ADDRESSES)
def test_public_addresses(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("text", ["", "localhost", "127.1", "1.1.1.1/32", "0x7f.0.0.1", "1.1.1.1 "])
def test_what_is_no_address_is_not_public(text: str) -> None:
    assert not is_public(text)


@given(st.ip_addresses(v=4))
def test_ipv4_agrees_with_the_registry(address: IPv4Address) -> None:
    if is_public(str(address)):
        assert address.is_global
        assert not address.is_multicast
    assert is_public(str(IPv6Address(f"::ffff:{address}"))) == is_public(str(address))
    assert is_public(str(IPv6Address(f"64:ff9b::{address}"))) == is_public(str(address))


@given(st.ip_addresses(v=6))
def test_ipv6_agrees_with_the_registry(address: IPv6Address) -> None:
    if is_public(str(address)):
        judged = address.ipv4_mapped or address
        assert judged.is_global
        assert not judged.is_multicast
