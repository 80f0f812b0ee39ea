"""Every error of the package on one page: who must act, and whether trying again can help."""

import errno
import os
from collections.abc import Mapping, Sequence
from typing import ClassVar, Final

_SYSTEM: Final[Mapping[str, str]] = {
    os.strerror(code): french
    for code, french in {
        errno.ENOENT: "fichier ou dossier introuvable",
        errno.EACCES: "accès refusé",
        errno.EPERM: "opération interdite",
        errno.EISDIR: "c'est un dossier",
        errno.ENOTDIR: "un élément du chemin n'est pas un dossier",
        errno.EEXIST: "le fichier existe déjà",
        errno.ENOSPC: "plus de place sur le disque",
        errno.EDQUOT: "quota de disque dépassé",
        errno.EROFS: "système de fichiers en lecture seule",
        errno.EIO: "erreur d'entrée-sortie",
        errno.ENAMETOOLONG: "nom de fichier trop long",
        errno.EMFILE: "trop de fichiers ouverts",
        errno.ENOTEMPTY: "le dossier n'est pas vide",
        errno.ELOOP: "trop de liens symboliques",
        errno.ECONNREFUSED: "connexion refusée",
        errno.EADDRINUSE: "adresse déjà utilisée",
        errno.EADDRNOTAVAIL: "adresse impossible ici",
    }.items()
}
"""What the system says of a file or a connection, in English -> in French."""


def one_line(text: str) -> str:
    """Fold a text into one line: errors are shown as one line, whatever a library wrote."""
    return " ".join(text.split())


def system_in_french(text: str) -> str:
    """A French text in which the words of the system, if it holds any, are French, too."""
    for english, french in _SYSTEM.items():
        text = text.replace(english, french)
    return text


class GatewayError(Exception):
    """The gateway cannot do what was asked.

    The text is public: what and where, then what to do. It never holds a value of a message.
    Without a text, the first line of the class docstring is the text.

    Attributes:
        temporary: trying the same thing again can help.
        exit_code: what a command ends with: 1 refused or invalid data, 2 usage, 3 unreachable
            (0 is "done" and belongs to no error).
        code: a stable name of what happened, for the log and for `--json`.
        english, french: the public text, one line each.
        more: what else is wrong, where several things were looked at before giving up.
    """

    temporary: ClassVar[bool] = False
    exit_code: ClassVar[int] = 1
    code: str = "gateway-error"

    def __init__(
        self,
        english: str = "",
        *,
        french: str = "",
        code: str = "",
        more: Sequence["GatewayError"] = (),
    ) -> None:
        self.english = one_line(english or (self.__doc__ or "").partition("\n")[0])
        self.french = system_in_french(one_line(french)) or self.english
        self.more = tuple(more)
        if code:
            self.code = code
        super().__init__(self.english)

    def text(self, lang: str = "en") -> str:
        """The public text in French for `fr`, in English for any other language."""
        return self.french if lang == "fr" else self.english

    def lines(self, lang: str = "en") -> tuple[str, ...]:
        """What to show to people: one line for each thing that is wrong."""
        return tuple(error.text(lang) for error in (self, *self.more))


class ConfigurationError(GatewayError):
    """The configuration cannot be used; the operator corrects it."""

    code = "configuration-invalid"


class TransportUnavailable(GatewayError):
    """Messages cannot be taken or handed over now; it is tried again."""

    temporary = True
    exit_code = 3
    code = "transport-unavailable"


class JournalUnavailable(GatewayError):
    """The journal cannot be read or written now; it is tried again."""

    temporary = True
    exit_code = 3
    code = "journal-unavailable"


class JournalConflict(GatewayError):
    """The case or the active release changed since the decision was judged; judge again."""

    temporary = True
    code = "journal-conflict"


class TablesInvalid(GatewayError):
    """A release of the tables cannot be used; its maintainers correct it."""

    code = "tables-invalid"


class SchemasInvalid(GatewayError):
    """A schema of the catalogue cannot be used; who installed it corrects it."""

    code = "schemas-invalid"


class StateLocked(GatewayError):
    """Another gateway works in this state folder; stop it, or use the commands that ask it."""

    code = "state-locked"


class Unreachable(GatewayError):
    """A service or tool cannot be reached; start or install it, then try again."""

    exit_code = 3
    code = "unreachable"


class Refused(GatewayError):
    """What was asked is not allowed in the present state; nothing was changed."""

    code = "refused"
