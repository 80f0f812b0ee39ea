"""The words of the report on availability: code -> English, French."""

from collections.abc import Mapping
from typing import Final

TEXTS: Final[Mapping[str, tuple[str, str]]] = {
    "title": (
        "Availability of application services in {year}",
        "Taux de disponibilité des services applicatifs en {year}",
    ),
    "published": (
        "Availability of application services, as published",
        "Taux de disponibilité des services applicatifs, tels que publiés",
    ),
    "published-note": (
        (
            "Names and rates are those of the published table. {under} of {all} are under"
            " the mark of"
            " 99.98 %."
        ),
        (
            "Noms et taux sont ceux du tableau publié. {under} sur {all} sont sous l'étalon de"
            " 99,98 %."
        ),
    ),
    "rule": (
        (
            "Availability: time up / time not under maintenance. Time that nobody"
            " observed is not up."
            " A service of redundant parts is up while one of them is."
        ),
        (
            "Disponibilité : temps en marche / temps hors maintenance. Le temps que personne n'a"
            " observé n'est pas compté en marche. Un service redondant est en marche tant qu'une de"
            " ses parties l'est."
        ),
    ),
    "period": (
        "From {begin} to {end} (Europe/Paris); service hours: {hours}, French working days.",
        "Du {begin} au {end} (Europe/Paris) ; heures de service : {hours}, jours ouvrés.",
    ),
    "declared-late": (
        "Maintenance of {component} from {begin} to {end} was declared after it had begun.",
        "La maintenance de {component} du {begin} au {end} a été déclarée après son début.",
    ),
    "maintenance-of-nobody": (
        (
            "Maintenance of {component} from {begin} to {end} counts nowhere: nobody observed a"
            " part of that name."
        ),
        (
            "La maintenance de {component} du {begin} au {end} ne compte nulle part : personne n'a"
            " observé de part de ce nom."
        ),
    ),
    "whole": ("Around the clock", "24 h sur 24, 7 jours sur 7"),
    "in-hours": ("In service hours", "Heures de service"),
    "name": ("Service", "Service"),
    "availability": ("Availability", "Disponibilité"),
    "mark": ("99.98 %", "99,98 %"),
    "mark-met": ("met", "atteint"),
    "mark-missed": ("under", "en dessous"),
    "mark-unknown": ("not observed", "non observé"),
    "of-observed": ("Of the time observed", "Sur le temps observé"),
    "up": ("Up (min)", "En marche (min)"),
    "down": ("Down (min)", "En panne (min)"),
    "maintenance": ("Maintenance (min)", "Maintenance (min)"),
    "not-observed": ("Not observed (min)", "Non observé (min)"),
    "denominator": ("Denominator (min)", "Dénominateur (min)"),
    "longest": ("Longest outage", "Plus longue panne"),
    "longest-of": ("{minutes} min, {begin}", "{minutes} min, le {begin}"),
    "kind-service": ("{name} (service: {parts})", "{name} (service : {parts})"),
    "kind-component": ("{name}", "{name}"),
    "kind-composite": ("composite: all of {parts}", "ensemble : {parts}"),
    "itself": ("the gateway itself", "la passerelle elle-même"),
    "line-too-big": (
        "The file is larger than 64 MiB: split it.",
        "Le fichier dépasse 64 Mio : le découper.",
    ),
    "line-too-many-lines": (
        "The file has more than 500,000 lines: split it.",
        "Le fichier a plus de 500 000 lignes : le découper.",
    ),
    "line-not-utf-8": (
        "The file is not UTF-8: write it anew.",
        "Le fichier n'est pas en UTF-8 : le réécrire.",
    ),
    "line-header": (
        "The first line must be component;from;until;state;monitor.",
        "La première ligne doit être component;from;until;state;monitor.",
    ),
    "line-columns": (
        "Five cells are expected, with a semicolon between them.",
        "Cinq cellules sont attendues, séparées par des points-virgules.",
    ),
    "line-component": (
        "`component` must be a name of at most 64 letters, digits and .:'/-",
        "`component` doit être un nom d'au plus 64 lettres, chiffres et .:'/-",
    ),
    "line-from": (
        "`from` must be a time with its zone, such as 2026-03-02T08:00:00+01:00.",
        "`from` doit être une date et heure avec fuseau, par exemple 2026-03-02T08:00:00+01:00.",
    ),
    "line-until": (
        "`until` must be a time with its zone, such as 2026-03-02T08:05:00+01:00.",
        "`until` doit être une date et heure avec fuseau, par exemple 2026-03-02T08:05:00+01:00.",
    ),
    "line-order": ("`from` must be before `until`.", "`from` doit précéder `until`."),
    "line-future": ("`until` is still to come.", "`until` est dans l'avenir."),
    "line-state": ("`state` must be up or down.", "`state` doit être up ou down."),
    "line-monitor": (
        "`monitor` must be a name, other than gateway.",
        "`monitor` doit être un nom, autre que gateway.",
    ),
    "line-overlaps": (
        "Another line of this monitor holds part of the same time.",
        "Une autre ligne de cette sonde couvre une partie de cette période.",
    ),
    "line-otherwise": (
        "The journal has something else of this monitor for part of the time.",
        "Le journal contient autre chose de cette sonde pour une partie de la période.",
    ),
}


def said(lang: str, code: str, **params: object) -> str:
    """The text of a code in French for `fr`, in English for any other language."""
    return TEXTS[code][lang == "fr"].format(**params)
