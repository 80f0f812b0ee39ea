"""Messages as files: one message, one file, moved by rename, durable by fsync.

In (`arriving`): `*.xml` or `*.mime` in `inbound/`, taken in order of name. Writers rename a
finished file into place; names that begin with a dot or end in `.tmp` or `.part` are theirs.
Beside it may stand `NAME.meta.json`: `{"received_at": ..., "addressee": ..., "rina_number": ...,
"direction": "out", "traceparent": ...}`.

Of what left (`statuses`): `inbound/status/*.csv`, removed once recorded; one that cannot be used
is moved to `inbound/status/rejected/`, with a report.

Out (`leaving`): `outbound/<FR-0101100000>/<message id>.xml|.mime`, its sidecar `.json` written
first, and `outbound/rina/` for what goes abroad. Each file is written beside its place, fsynced,
renamed, and its folder fsynced before a sending counts as confirmed. The same name on a retry.
"""

from gateway.transport.folder.arriving import ENDINGS, META, FolderConsumer
from gateway.transport.folder.leaving import FolderPublisher
from gateway.transport.folder.statuses import FolderStatuses

__all__ = ["ENDINGS", "META", "FolderConsumer", "FolderPublisher", "FolderStatuses"]
