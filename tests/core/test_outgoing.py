"""The ids that the gateway gives."""

from uuid import UUID, uuid5

from hypothesis import given
from hypothesis import strategies as st

from gateway.core.outgoing import NAMESPACE, new_id


@given(st.text(), st.text(), st.text(), st.integers(0, 99))
def test_an_id_is_the_version_5_uuid_of_what_caused_it(cause, receiver, kind, n):
    ident = new_id(cause, receiver, kind, n)
    assert ident == str(uuid5(NAMESPACE, f"{cause}|{receiver}|{kind}|{n}"))
    assert UUID(ident).version == 5
