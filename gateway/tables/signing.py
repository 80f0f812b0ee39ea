"""Personal signatures (OpenSSH) on a release: who signed its manifest, as a file of keys says.

`ssh-keygen -Y sign -n eessi-tables -f KEY MANIFEST` makes one; `ALLOWED SIGNERS` of `ssh-keygen(1)`
is the format of the file. OpenSSH itself verifies: no key and no format is read here.
"""

import subprocess
import tempfile
from pathlib import Path
from typing import Final

from gateway.errors import Refused, Unreachable

NAMESPACE: Final = "eessi-tables"
LONGEST: Final = 16 * 1024
_SECONDS: Final = 10


def signer(allowed: Path, manifest: bytes, signature: str) -> str:
    """Who signed the manifest: the principal of a key in the file of those allowed.

    Raises:
        Refused: it is no signature of this manifest, or of nobody who may sign.
        Unreachable: there is no ssh-keygen, or the file cannot be read.
    """
    if not allowed.is_file():
        raise Unreachable(
            f"{allowed}: the file of those who may sign cannot be read (tables.allowed_signers).",
            french=f"{allowed} : fichier des signataires illisible (tables.allowed_signers).",
            code="signers-unreadable",
        )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "signature")
        path.write_text(signature[:LONGEST], encoding="utf-8")
        about = ["-f", str(allowed), "-n", NAMESPACE, "-s", str(path)]
        principals = _asked(["find-principals", *about], b"").splitlines()
        if not principals:
            raise _refused()
        _asked(["verify", *about, "-I", principals[0]], manifest)
    return principals[0]


def _asked(words: list[str], content: bytes) -> str:
    try:
        done = subprocess.run(  # noqa: S603 - our own words, no shell
            ["ssh-keygen", "-Y", *words],  # noqa: S607 - the one of the system
            input=content,
            capture_output=True,
            timeout=_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Unreachable(
            f"ssh-keygen cannot be run ({type(error).__name__}); install openssh-client.",
            french=f"ssh-keygen inutilisable ({type(error).__name__}) ; installer openssh-client.",
            code="no-ssh-keygen",
        ) from None
    if done.returncode != 0:
        raise _refused()
    return done.stdout.decode("utf-8", "replace").strip()


def _refused() -> Refused:
    return Refused(
        "The signature is not one of this release by somebody who may sign; sign what"
        " `tables manifest NAME` prints, with -n eessi-tables.",
        french="La signature n'est pas celle de cette version par un signataire connu ; signer ce"
        " qu'écrit `tables manifest NOM`, avec -n eessi-tables.",
        code="bad-signature",
    )
