"""What the server of `dying` has loaded before the first life is forked from it."""

from tests.services import dying

dying.judged_with()
