"""Hostile documents by name, each examined in a process of its own.

`python attacks.py BYTES SECONDS` reads names, a line each. For each it forks a process that may
have so much memory and take so long, and prints a line of JSON: its exit code, its standard error,
and its standard output, where it says as JSON what became of the document: outcome, CPU seconds,
and how many MB of memory it added at most. What it needs was imported before, once.
"""

import gzip
import json
import os
import resource
import signal
import sys
import time
from pathlib import Path
from tempfile import TemporaryFile

sys.path.insert(0, str(Path(__file__).parents[2]))

from gateway.core.judging import examine
from gateway.core.message import Malformed
from gateway.core.reading import Limits
from gateway.validating import validated
from sed_schemas.load import catalogue
from sed_schemas.schema_set import SchemaSet
from tests.conftest import make_message

SECRET = "never-show-this"
SANE = make_message("one").decode()
HEAD, _, REST = SANE.partition("?>")


def inside(text):
    """A sane message with something more in its SED."""
    return SANE.replace("</Person>", f"{text}</Person>", 1).encode()


def doctype(declarations, use=""):
    said = f"<!DOCTYPE x [{declarations}]>"
    return (HEAD + "?>" + said + REST.replace("</Person>", f"{use}</Person>", 1)).encode()


def laughs():
    lol = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10 if n else "lol"}">' for n in range(10))
    return doctype(lol, "<a>&l9;</a>")


ATTACKS = {
    "billion laughs": laughs,
    "quadratic blow-up": lambda: doctype(f'<!ENTITY a "{"a" * 50_000}">', "&a;" * 50_000),
    "external entity, file": lambda: doctype(
        '<!ENTITY x SYSTEM "file:///etc/hostname">', "<a>&x;</a>"
    ),
    "external entity, http": lambda: doctype(
        '<!ENTITY x SYSTEM "http://127.0.0.1:9/x">', "<a>&x;</a>"
    ),
    "external DTD": lambda: SANE.replace(
        "?>", '?><!DOCTYPE x SYSTEM "file:///etc/hostname">', 1
    ).encode(),
    "parameter entity": lambda: doctype('<!ENTITY % p SYSTEM "file:///etc/hostname">%p;'),
    "DOCTYPE in UTF-16": lambda: doctype("").decode().replace("UTF-8", "UTF-16").encode("utf-16"),
    "300 levels": lambda: inside("<a>" * 300 + "</a>" * 300),
    "text of 11 MB": lambda: inside(f"<a>{'x' * 11_000_000}</a>"),
    "text of 9 MB": lambda: inside(f"<a>{'x' * 9_000_000}</a>"),
    "100,000 attributes": lambda: inside(
        "<a " + " ".join(f'b{n}="1"' for n in range(100_000)) + "/>"
    ),
    "gzip": lambda: gzip.compress(SANE.encode()),
    "schema hint": lambda: SANE.replace(
        "<sed:S040",
        '<sed:S040 xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
        ' xsi:schemaLocation="http://ec.europa.eu/eessi/ns/4_4/S040 http://127.0.0.1:9/x.xsd"'
        ' xsi:noNamespaceSchemaLocation="file:///etc/hostname"',
        1,
    ).encode(),
    "XInclude": lambda: inside(
        '<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" parse="text"'
        ' href="file:///etc/hostname"/>'
    ),
    "comments everywhere": lambda: SANE.replace("><", "><!-- x --><").encode(),
    "comment inside a value": lambda: SANE.replace("Muster", "Mus<!-- -->ter").encode(),
    "instructions everywhere": lambda: SANE.replace("><", "><?x y?><").encode(),
    "mixed namespaces": lambda: inside('<a:familyName xmlns:a="urn:a">x</a:familyName>'),
    "BOM": lambda: b"\xef\xbb\xbf" + SANE.encode(),
    "UTF-16": lambda: SANE.replace("UTF-8", "UTF-16").encode("utf-16"),
    "UTF-16 that says UTF-8": lambda: SANE.encode("utf-16"),
    "null bytes": lambda: SANE.encode().replace(b"Muster", b"Mus\x00ter"),
    "a million elements": lambda: inside("<a/>" * 1_000_000),
    "100,000 violations": lambda: make_message(
        "x",
        sed="X009",
        action="New",
        inside=(
            "<CaseContext><PersonContext><familyName>Muster</familyName><forename>E</forename>"
            "<dateBirth>1985-07-15</dateBirth><sex><value>02</value></sex></PersonContext>"
            "</CaseContext><Reminders>"
            + f"<ReminderSendUs><type><value>{SECRET}</value></type><details>x</details>"
            "</ReminderSendUs>" * 100_000 + "</Reminders>"
        ),
    ),
    "20,000 names": lambda: inside("".join(f"<n{n}/>" for n in range(20_000))),
}
"""Name -> its bytes."""


def endless():
    while True:
        pass


BEYOND = {"5 GB": lambda: bytes(5 * 1024**3), "endless": endless}
"""What no document may do; the limits of its process end it."""


def main(name):
    body = (ATTACKS | BEYOND)[name]()
    schemas = SchemaSet()
    schemas.for_message("1.2", "4.4", "S040")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.process_time()
    examined = examine(body, Limits(), schemas)
    if isinstance(examined, Malformed):
        outcome = examined.code
    else:
        outcome = "valid" if examined.verdict.valid else "invalid"
    explained = validated(body, Limits(), schemas, catalogue(), "en")
    seconds = time.process_time() - began
    added = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    told = {"outcome": outcome, "seconds": seconds, "mb": added, "explained": explained}
    sys.stdout.write(json.dumps(told, default=str) + "\n")


def each(names, most_bytes, most_seconds):
    """Fork for each name; returns in each child, with its name, and in the parent with None."""
    for line in names:
        with TemporaryFile("w+") as out, TemporaryFile("w+") as err:
            pid = os.fork()
            if pid == 0:
                os.dup2(out.fileno(), 1)
                os.dup2(err.fileno(), 2)
                resource.setrlimit(resource.RLIMIT_AS, (most_bytes, most_bytes))
                signal.alarm(most_seconds)
                return line.strip()
            code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
            for file in (out, err):
                file.seek(0)
            told = {"code": code, "out": out.read(), "err": err.read()}
        sys.stdout.write(json.dumps(told) + "\n")
        sys.stdout.flush()
    return None


if __name__ == "__main__":
    wanted = each(sys.stdin, int(sys.argv[1]), int(sys.argv[2]))
    if wanted is not None:
        main(wanted)
