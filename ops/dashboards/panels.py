"""What the Grafana dashboards show, panel by panel, in English and in French; `build` draws them.

In a query `@` stands for the gateways that are chosen at the top of a dashboard.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

GOAL: Final = 0.9998
"""Part of the time in which the service is to be good; that of `alerts.yml`."""

Words = tuple[str, str]
"""The same in English and in French."""
Colours = tuple[tuple[float | None, str], ...]
"""From which value on (None: the least) which colour, in rising order."""


@dataclass(frozen=True, slots=True)
class Query:
    """One PromQL expression; `legend` names its series, by labels (`{{cause}}`) or in words."""

    expression: str
    legend: str | Words


@dataclass(frozen=True, slots=True)
class Panel:
    """One panel.

    Attributes:
        kind: `stat`: the value now; `timeseries`: over time; `bargauge`: one bar a series, now.
        unit: of Grafana: `s`, `cpm` (a minute), `percentunit`, `bytes`, `short`.
        colours: of the value, by the least from which each holds; none: colour says nothing.
        names: value -> what is shown instead of it.
        by_name: show what the series is called, not its value.
    """

    title: Words
    meaning: Words
    queries: tuple[Query, ...]
    kind: Literal["stat", "timeseries", "bargauge"] = "timeseries"
    unit: str = "short"
    width: int = 8
    height: int = 8
    colours: Colours = ()
    names: Mapping[int, Words] | None = None
    by_name: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """Panels under one heading, set from left to right."""

    title: Words
    panels: tuple[Panel, ...]


@dataclass(frozen=True, slots=True)
class Dashboard:
    """One dashboard; `name` is that of its files and of its address in Grafana."""

    name: str
    title: Words
    meaning: Words
    since: str
    """From when on it shows at first, as Grafana writes it."""
    rows: tuple[Row, ...]


def _rising(orange: float, red: float) -> Colours:
    return ((None, "green"), (orange, "orange"), (red, "red"))


def _falling(green: float, orange: float) -> Colours:
    return ((None, "red"), (orange, "orange"), (green, "green"))


def _now(title: Words, meaning: Words, expression: str, legend: str | Words, **more: Any) -> Panel:
    shape = {"kind": "stat", "width": 4, "height": 5, **more}
    return Panel(title, meaning, (Query(expression, legend),), **shape)


def _bars(title: Words, meaning: Words, expression: str, **more: Any) -> Panel:
    shape = {"kind": "bargauge", "height": 14, **more}
    return Panel(title, meaning, (Query(f"sort_desc({expression})", "{{country}}"),), **shape)


def _once(expression: str, *labels: str) -> str:
    """What stands in a journal, once a gateway: each of its workers shows all of it."""
    return f"max by ({', '.join(('environment', 'gateway_instance', *labels))}) ({expression})"


def _by(label: str, metric: str) -> str:
    """How often a minute, by one label."""
    return f"60 * sum by ({label}) (rate({metric}{{@}}[$__rate_interval]))"


def _of_country(metric: str, service: str = "") -> str:
    """How often in the time shown, by country; a country without any has no bar."""
    only = f',service="{service}"' if service else ""
    counted = _once(f"increase({metric}{{@{only}}}[$__range])", "country")
    return f"sum by (country) ({counted}) > 0"


def _mean_of_country(service: str) -> str:
    of = f'{{@,service="{service}"}}[$__range]'
    metric = "gateway_country_service_seconds"
    total = _once(f"increase({metric}_sum{of})", "country")
    number = _once(f"increase({metric}_count{of})", "country")
    return f"sum by (country) ({total}) / (sum by (country) ({number}) > 0)"


def _quantile(share: float, service: str) -> Query:
    held = f'gateway_service_seconds_bucket{{@,service="{service}"}}[7d]'
    counted = _once(f"increase({held})", "le")
    expression = f"histogram_quantile({share:g}, sum by (le) ({counted}))"
    return Query(expression, (f"{share:.0%} are faster", f"{100 * share:.0f} % sont plus rapides"))


_GLANCE: Final = Row(
    ("At a glance", "Vue d'ensemble"),
    (
        _now(
            ("Ready", "Prête"),
            (
                "Messages get through, as /readyz says; the least of the gateways chosen.",
                "Les messages passent, selon /readyz ; la moins bonne des passerelles choisies.",
            ),
            "min(gateway_ready{@})",
            ("ready", "prête"),
            names={0: ("not ready", "pas prête"), 1: ("ready", "prête")},
            colours=((None, "red"), (1, "green")),
        ),
        _now(
            ("Why not ready", "Pourquoi pas prête"),
            (
                "The reasons of /readyz, explained in the runbook; empty when there is none.",
                "Celles de /readyz (voir le guide d'exploitation) ; vide s'il n'y en a pas.",
            ),
            "max by (reason) (gateway_not_ready{@}) == 1",
            "{{reason}}",
            by_name=True,
            colours=((None, "red"),),
        ),
        _now(
            ("Sending", "Mode d'envoi"),
            (
                ("observe, confirm or automatic, unless set by decision, BUC or country."),
                "observe, confirm ou automatic, sauf réglage par décision, BUC ou pays.",
            ),
            "max by (sending) (gateway_mode_info{@})",
            "{{sending}}",
            by_name=True,
        ),
        _now(
            ("Release of the tables", "Version des tables"),
            ("The release in force.", "La version en vigueur."),
            "max by (release) (gateway_tables_info{@})",
            "{{release}}",
            by_name=True,
        ),
        _now(
            ("Pauses", "Pauses"),
            (
                "What people hold back now: everything, BUCs, institutions, countries.",
                "Ce que des personnes retiennent : tout, des BUC, des institutions, des pays.",
            ),
            f"sum by (reach) ({_once('gateway_pauses{@}', 'reach')}) > 0",
            "{{reach}}",
            colours=_rising(1, 10),
        ),
        _now(
            ("Roll-back to confirm", "Retour à confirmer"),
            (
                "Gateways whose tables one person took back; a second person has not agreed yet.",
                "Passerelles dont une personne a repris les tables, sans l'accord d'une seconde.",
            ),
            f"sum({_once('gateway_rollback_unconfirmed{@}')})",
            ("waiting", "en attente"),
            colours=_rising(1, 10),
        ),
        _now(
            ("Example not accepted", "Exemple non accepté"),
            (
                "Gateways in production on an example that nobody accepted: nothing leaves.",
                "Passerelles en production sur un exemple que personne n'a accepté : rien ne part.",
            ),
            f"sum({_once('gateway_tables_unaccepted{@}')})",
            ("waiting", "en attente"),
            colours=_rising(1, 10),
        ),
    ),
)
_FLOW: Final = Row(
    ("Flow", "Flux"),
    (
        Panel(
            ("Messages taken in, a minute", "Messages reçus, par minute"),
            (
                (
                    "By how it ended: recorded, duplicate (absorbed), identity-conflict (same id,"
                    " other bytes), failed (not recorded; it comes again)."
                ),
                (
                    "Selon l'issue : recorded (inscrit), duplicate (doublon absorbé),"
                    " identity-conflict (même id, autre contenu), failed (non inscrit ;"
                    " il revient)."
                ),
            ),
            (Query(_by("outcome", "gateway_messages_received_total"), "{{outcome}}"),),
            unit="cpm",
        ),
        Panel(
            ("Decisions, a minute", "Décisions, par minute"),
            (
                "What was decided as messages were taken in.",
                "Ce qui a été décidé à la réception des messages.",
            ),
            (Query(_by("decision", "gateway_decisions_total"), "{{decision}}"),),
            unit="cpm",
        ),
        Panel(
            ("Outgoing messages, a minute", "Envois, par minute"),
            (
                "What became of them: handed-over, sent, delivered, failed.",
                (
                    "Ce qu'ils sont devenus : handed-over (remis), sent (partis), delivered"
                    " (arrivés), failed (échoués)."
                ),
            ),
            (Query(_by("state", "gateway_sendings_total"), "{{state}}"),),
            unit="cpm",
        ),
        Panel(
            ("Time in each stage", "Durée par étape"),
            (
                "95 of 100 messages spend less than this in the stage.",
                "95 messages sur 100 passent moins de temps dans l'étape.",
            ),
            (
                Query(
                    "histogram_quantile(0.95, sum by (le, stage)"
                    " (rate(gateway_stage_duration_seconds_bucket{@}[$__rate_interval])))",
                    "{{stage}}",
                ),
            ),
            unit="s",
        ),
        Panel(
            ("Failed attempts to send, a minute", "Essais d'envoi échoués, par minute"),
            (
                "By kind; the relay tries again by itself.",
                "Par genre ; le relais essaie de nouveau de lui-même.",
            ),
            (Query(_by("kind", "gateway_send_failures_total"), "{{kind}}"),),
            unit="cpm",
        ),
        Panel(
            ("Outgoing messages by kind, a minute", "Envois par genre, par minute"),
            (
                "Handed over to where they go.",
                "Remis à leur destination.",
            ),
            (
                Query(
                    "60 * sum by (kind)"
                    ' (rate(gateway_sendings_total{@,state="handed-over"}[$__rate_interval]))',
                    "{{kind}}",
                ),
            ),
            unit="cpm",
        ),
    ),
)
_WAITING: Final = Row(
    ("What waits, and for how long", "Ce qui attend, et depuis quand"),
    (
        Panel(
            ("Oldest message not recorded", "Plus ancien message non inscrit"),
            (
                "Its age; from 5 minutes on the service is not good.",
                "Son âge ; à partir de 5 minutes le service n'est pas bon.",
            ),
            (Query("max(gateway_oldest_unprocessed_seconds{@})", ("age", "âge")),),
            unit="s",
            colours=_rising(60, 300),
        ),
        Panel(
            ("Oldest outgoing message due", "Plus ancien envoi échu"),
            (
                "For how long it has been due; from 30 minutes on the service is not good.",
                "Depuis quand il est échu ; à partir de 30 minutes le service n'est pas bon.",
            ),
            (Query("max(gateway_outbox_oldest_seconds{@})", ("age", "âge")),),
            unit="s",
            colours=_rising(300, 1800),
        ),
        Panel(
            ("Numbers", "Nombres"),
            (
                (
                    "Messages to be taken in; outgoing ones not sent, of these held back by a"
                    " person; those that wait for a yes; cases in which something is overdue."
                ),
                (
                    "Messages à prendre ; envois non partis, dont retenus par une personne ; envois"
                    " qui attendent un accord ; dossiers dont une échéance est passée."
                ),
            ),
            (
                Query("sum(gateway_inbound_waiting{@})", ("to be taken in", "à prendre")),
                Query(f"sum({_once('gateway_outbox_depth{@}')})", ("not sent", "non partis")),
                Query(f"sum({_once('gateway_outbox_held{@}')})", ("held back", "retenus")),
                Query(
                    f"sum({_once('gateway_outbox_proposed{@}')})",
                    ("wait for a yes", "attendent un accord"),
                ),
                Query(
                    f"sum({_once('gateway_timers_overdue{@}')})", ("overdue", "échéances passées")
                ),
            ),
        ),
    ),
)
_PEOPLE: Final = Row(
    ("What waits for people", "Ce qui attend une personne"),
    (
        Panel(
            ("Worklist by cause", "Liste de travail par motif"),
            (
                "The causes are explained in the runbook.",
                "Les motifs sont expliqués dans le guide d'exploitation.",
            ),
            (Query(f"sum by (cause) ({_once('gateway_worklist{@}', 'cause')}) > 0", "{{cause}}"),),
            width=12,
        ),
        Panel(
            ("Quarantine by cause", "Quarantaine par motif"),
            (
                "Messages set aside; the causes are explained in the runbook.",
                "Messages mis de côté ; les motifs sont expliqués dans le guide d'exploitation.",
            ),
            (
                Query(
                    f"sum by (cause) ({_once('gateway_quarantine{@}', 'cause')}) > 0", "{{cause}}"
                ),
            ),
            width=12,
        ),
        Panel(
            ("Oldest entries", "Entrées les plus anciennes"),
            (
                "Of the worklist, and of what waits for a yes; an alert comes after ten days.",
                "De la liste de travail et des envois à accorder ; alerte après dix jours.",
            ),
            (
                Query("max(gateway_worklist_oldest_seconds{@})", ("worklist", "liste de travail")),
                Query(
                    "max(gateway_outbox_proposed_oldest_seconds{@})",
                    ("waits for a yes", "attend un accord"),
                ),
            ),
            unit="s",
            colours=_rising(432_000, 864_000),
        ),
        Panel(
            ("Questions abroad without an answer", "Questions à l'étranger sans réponse"),
            (
                "Compared with a week before.",
                "Comparées à la semaine précédente.",
            ),
            (
                Query(
                    f"sum({_once('gateway_questions_open{@}', 'country')})", ("open", "ouvertes")
                ),
                Query(
                    f"sum({_once('gateway_questions_open{@} offset 1w', 'country')})",
                    ("a week before", "une semaine avant"),
                ),
            ),
        ),
        Panel(
            ("Pauses", "Pauses"),
            ("By what they reach.", "Selon ce qu'elles retiennent."),
            (Query(f"sum by (reach) ({_once('gateway_pauses{@}', 'reach')})", "{{reach}}"),),
        ),
    ),
)
_INSIDE: Final = Row(
    ("Inside", "À l'intérieur"),
    (
        Panel(
            ("Memory", "Mémoire"),
            ("Of the process.", "Du processus."),
            (
                Query("sum(process_resident_memory_bytes{@})", ("resident", "résidente")),
                Query("sum(process_virtual_memory_bytes{@})", ("virtual", "virtuelle")),
            ),
            unit="bytes",
        ),
        Panel(
            ("Processors and open files", "Processeurs et fichiers ouverts"),
            (
                "Parts of a processor used; part of the files that may be open.",
                "Parts de processeur utilisées ; part des fichiers qui peuvent être ouverts.",
            ),
            (
                Query(
                    "sum(rate(process_cpu_seconds_total{@}[$__rate_interval]))",
                    ("processors", "processeurs"),
                ),
                Query(
                    "max(process_open_fds{@} / process_max_fds{@})",
                    ("open files", "fichiers ouverts"),
                ),
            ),
            unit="percentunit",
        ),
        Panel(
            ("Repeated, seen before, dropped, a minute", "Répété, déjà vu, écarté, par minute"),
            (
                (
                    "Judgements repeated because case or tables had moved on; messages seen before;"
                    " values that the log did not let through; files with statuses rejected."
                ),
                (
                    "Décisions refaites car le dossier ou les tables avaient changé ; messages déjà"
                    " vus ; valeurs écartées du journal technique ; fichiers de statuts rejetés."
                ),
            ),
            (
                Query(
                    "60 * sum(rate(gateway_journal_conflicts_total{@}[$__rate_interval]))",
                    ("judged again", "décidés de nouveau"),
                ),
                Query(
                    "60 * sum(rate(gateway_duplicates_total{@}[$__rate_interval]))",
                    ("seen before", "déjà vus"),
                ),
                Query(
                    "60 * sum(rate(gateway_log_values_dropped_total{@}[$__rate_interval]))",
                    ("dropped from the log", "écartées du journal"),
                ),
                Query(
                    "60 * sum("
                    'rate(gateway_status_files_total{@,outcome="rejected"}[$__rate_interval]))',
                    ("status files rejected", "fichiers de statuts rejetés"),
                ),
            ),
            unit="cpm",
        ),
        Panel(
            ("Erased after its period, a day", "Effacé au terme de sa durée, par jour"),
            (
                "By class, while the gateway ran; retention list tells all of it.",
                "Par classe, pendant la marche ; retention list dit tout.",
            ),
            (Query("sum by (kept) (increase(gateway_erased_total{@}[1d]))", "{{kept}}"),),
        ),
        Panel(
            ("Notices of trouble, an hour", "Avis d'incident, par heure"),
            (
                "Sent by webhook and mail; attempts that failed; troubles that nobody was told of.",
                "Envoyés par webhook et courriel ; essais échoués ; incidents passés sans avis.",
            ),
            (
                Query(
                    "sum by (way, outcome) (increase(gateway_notices_total{@}[1h]))",
                    "{{way}} {{outcome}}",
                ),
                Query(
                    "sum(increase(gateway_notices_untold_total{@}[1h]))",
                    ("not told", "sans avis"),
                ),
            ),
        ),
        _now(
            ("Version", "Version du logiciel"),
            ("Of what is running.", "De ce qui fonctionne."),
            "max by (version) (gateway_build_info{@})",
            "{{version}}",
            by_name=True,
            width=8,
        ),
        _now(
            ("Running for", "En marche depuis"),
            (
                "The gateway that began last.",
                "La passerelle lancée en dernier.",
            ),
            "time() - max(process_start_time_seconds{@})",
            ("running", "en marche"),
            unit="s",
            width=8,
        ),
        _now(
            ("Next CDM version in", "Prochaine version du CDM dans"),
            (
                "Time until new cases begin in a version that is configured.",
                "Temps avant que de nouveaux dossiers commencent dans une version configurée.",
            ),
            "min by (cdm) (gateway_cdm_activation_timestamp_seconds{@} > time()) - time()",
            "{{cdm}}",
            unit="s",
            width=8,
        ),
        _now(
            ("Certificates expire in", "Expiration des certificats dans"),
            (
                "As they were read at the start.",
                "Tels que lus au démarrage.",
            ),
            "min by (use) (gateway_certificate_expiry_timestamp_seconds{@}) - time()",
            "{{use}}",
            unit="s",
            width=8,
        ),
        _now(
            ("Tables run out in", "Fin des tables dans"),
            (
                "Until a route ends and none follows.",
                "Avant qu'une règle prenne fin sans suite.",
            ),
            "min by (release) (gateway_tables_expiry_timestamp_seconds{@}) - time()",
            "{{release}}",
            unit="s",
            width=8,
        ),
    ),
)
_KEPT: Final = Row(
    ("Is the goal kept? (99.98 % of the time)", "L'objectif est-il tenu ? (99,98 % du temps)"),
    (
        _now(
            ("Good, last 30 days", "Bon, 30 derniers jours"),
            (
                (
                    "Part of the time in which the service was good: ready, nothing older than"
                    " promised, and answering. Recorded by alerts.yml."
                ),
                (
                    "Part du temps où le service était bon : prêt, rien de plus ancien que promis,"
                    " et répondant. Calculé par alerts.yml."
                ),
            ),
            "min(gateway:service:good_30d{@})",
            ("good", "bon"),
            unit="percentunit",
            width=6,
            height=8,
            colours=_falling(0.99985, GOAL),
        ),
        _now(
            ("Budget left, 30 days", "Marge restante, 30 jours"),
            (
                (
                    "How much of the 8 minutes and 38 seconds a month is left; below 0 the goal is"
                    " missed."
                ),
                (
                    "Ce qui reste des 8 minutes et 38 secondes par mois ; sous 0, l'objectif est"
                    " manqué."
                ),
            ),
            f"(min(gateway:service:good_30d{{@}}) - {GOAL}) / (1 - {GOAL})",
            ("left", "reste"),
            unit="percentunit",
            width=6,
            height=8,
            colours=_falling(0.25, 0),
        ),
        Panel(
            ("How fast the budget is used", "Vitesse de consommation de la marge"),
            (
                (
                    "1: exactly used up in 30 days; the alerts come from 14.4 (1 h), 6 (6 h), 3 (1"
                    " d) and 1 (3 d) on."
                ),
                (
                    "1 : juste épuisée en 30 jours ; alertes à partir de 14,4 (1 h), 6 (6 h), 3 (1"
                    " j) et 1 (3 j)."
                ),
            ),
            tuple(
                Query(f"(1 - min(gateway:service:good_{span}{{@}})) / (1 - {GOAL})", said)
                for span, said in (
                    ("1h", ("1 h", "1 h")),
                    ("6h", ("6 h", "6 h")),
                    ("1d", ("1 d", "1 j")),
                    ("3d", ("3 d", "3 j")),
                )
            ),
            width=12,
        ),
    ),
)
_TIMES: Final = Row(
    ("How long partners wait, and we for them", "Temps d'attente, des partenaires et le nôtre"),
    (
        Panel(
            ("Receipt to transfer", "De la réception à la transmission"),
            (
                "From the receipt of a case to its first X007 handed over; of the week before.",
                "De la réception d'un dossier à son premier X007 remis ; de la semaine écoulée.",
            ),
            (_quantile(0.5, "transfer"), _quantile(0.95, "transfer")),
            unit="s",
        ),
        Panel(
            ("Receipt to question", "De la réception à la question"),
            (
                "From the receipt of a case to the first question abroad; of the week before.",
                "De la réception d'un dossier à la première question ; de la semaine écoulée.",
            ),
            (_quantile(0.5, "question"), _quantile(0.95, "question")),
            unit="s",
        ),
        Panel(
            ("Question to answer", "De la question à la réponse"),
            (
                "How long partners take to answer; of the week before.",
                "Temps que prennent les partenaires pour répondre ; de la semaine écoulée.",
            ),
            (_quantile(0.5, "answer"), _quantile(0.95, "answer")),
            unit="s",
        ),
        Panel(
            ("Decisions in the time shown", "Décisions sur la période affichée"),
            (
                "How many of each, as messages were taken in.",
                "Combien de chaque, à la réception des messages.",
            ),
            (
                Query(
                    "sort_desc("
                    "sum by (decision) (increase(gateway_decisions_total{@}[$__range])) > 0)",
                    "{{decision}}",
                ),
            ),
            kind="bargauge",
            width=12,
            height=9,
        ),
        Panel(
            ("Handed over and delivered, a day", "Remis et arrivés, par jour"),
            (
                (
                    "Where statuses are written: delivered standing still means that nobody says"
                    " any more what became of it."
                ),
                (
                    "Là où des statuts sont écrits : si « arrivés » stagne, plus personne ne dit ce"
                    " que deviennent les envois."
                ),
            ),
            (
                Query(
                    'sum(increase(gateway_sendings_total{@,state="handed-over"}[1d]))',
                    ("handed over", "remis"),
                ),
                Query(
                    'sum(increase(gateway_sendings_total{@,state="delivered"}[1d]))',
                    ("delivered", "arrivés"),
                ),
            ),
            width=12,
            height=9,
        ),
    ),
)
_COUNTRIES: Final = Row(
    (
        "By country, in the time shown (medians: report partners)",
        "Par pays, sur la période affichée (médianes : report partners)",
    ),
    (
        _bars(
            ("Transfers", "Transmissions"),
            ("Cases transferred.", "Dossiers transmis."),
            _of_country("gateway_country_service_seconds_count", "transfer"),
            width=6,
        ),
        _bars(
            ("Mean time to transfer", "Durée moyenne jusqu'à la transmission"),
            (
                "From the receipt of a case to its first X007 handed over.",
                "De la réception d'un dossier à son premier X007 remis.",
            ),
            _mean_of_country("transfer"),
            unit="s",
            width=6,
        ),
        _bars(
            ("Mean time to answer", "Durée moyenne des réponses"),
            (
                "From our question to the answer.",
                "De notre question à la réponse.",
            ),
            _mean_of_country("answer"),
            unit="s",
            width=6,
        ),
        _bars(
            ("Mean time to question", "Durée moyenne jusqu'à la question"),
            (
                "From the receipt of a case to our first question.",
                "De la réception d'un dossier à notre première question.",
            ),
            _mean_of_country("question"),
            unit="s",
            width=6,
        ),
        _bars(
            ("Questions", "Questions"),
            ("Asked in that country.", "Posées dans ce pays."),
            _of_country("gateway_questions_total"),
        ),
        _bars(
            ("Answers", "Réponses"),
            ("That came from that country.", "Venues de ce pays."),
            _of_country("gateway_country_service_seconds_count", "answer"),
        ),
        _bars(
            ("Reminders", "Relances"),
            ("Sent to that country.", "Envoyées dans ce pays."),
            _of_country("gateway_reminders_total"),
        ),
        _bars(
            ("Questions without an answer", "Questions sans réponse"),
            ("Now, by the country that was asked.", "En ce moment, par pays interrogé."),
            f"sum by (country) ({_once('gateway_questions_open{@}', 'country')}) > 0",
        ),
    ),
)
DASHBOARDS: Final = (
    Dashboard(
        "operators",
        ("EESSI gateway: operation", "Passerelle EESSI : exploitation"),
        (
            "Flow, ages, what waits for people, settings in force; what to do: runbook.md.",
            "Flux, âges, ce qui attend une personne, réglages en vigueur ; que faire : runbook.md.",
        ),
        "now-6h",
        (_GLANCE, _FLOW, _WAITING, _PEOPLE, _INSIDE),
    ),
    Dashboard(
        "service-levels",
        ("EESSI gateway: service levels", "Passerelle EESSI : niveaux de service"),
        (
            "Whether the goal is kept, waiting times, and partners by country.",
            "Si l'objectif est tenu, temps d'attente, et partenaires par pays.",
        ),
        "now-30d",
        (_KEPT, _TIMES, _COUNTRIES),
    ),
)
