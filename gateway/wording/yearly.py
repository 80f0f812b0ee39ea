"""The words of the yearly report: code -> English, French. Its figures come from `gateway.annual`.

A report is a page of headings, not an explanation of one case, so both languages stand side by
side here: whoever changes one sees the other.
"""

from collections.abc import Mapping
from typing import Final

TEXTS: Final[Mapping[str, tuple[str, str]]] = {
    "title": (
        "EESSI cases received and transferred in {year}",
        "Dossiers EESSI reçus et transférés en {year}",
    ),
    "unit": (
        (
            "Unit: the case. It is counted once, in the year in which its first message from abroad"
            " was received (Europe/Paris), as it stands when it is counted, however often it"
            " was sent"
            " again, returned, reopened or transferred."
        ),
        (
            "Unité : le dossier. Il compte une fois, dans l'année de réception de son premier"
            " message"
            " de l'étranger (Europe/Paris), tel qu'il est au moment du comptage, même"
            " renvoyé, rendu,"
            " rouvert ou transféré plusieurs fois."
        ),
    ),
    "rates": ("Rates", "Taux"),
    "rates-note": (
        "Of {received} cases received, applicable legislation (LA) not included.",
        "Sur {received} dossiers reçus, hors législation applicable (LA).",
    ),
    "rate": ("Rate", "Taux"),
    "transferred-rate": ("transferred / received", "transférés / reçus"),
    "unattended-rate": ("settled without a person", "réglés sans intervention humaine"),
    "delivered-rate": (
        "delivered: the institution is known to have it",
        "remis : réception par l'institution attestée",
    ),
    "delivered-note": (
        (
            "{handed_over} cases were handed over; of those not counted as delivered nobody"
            " has said"
            " that the institution has them."
        ),
        (
            "{handed_over} dossiers ont été remis ; pour ceux non comptés comme remis, personne n'a"
            " attesté la réception."
        ),
    ),
    "count": ("Cases", "Dossiers"),
    "point": (".", ","),
    "share": ("Share", "Part"),
    "bucs": ("Cases transferred by BUC", "Ventilation des BUC transférés"),
    "buc": ("BUC", "BUC"),
    "heading": ("Title", "Intitulé"),
    "received": ("Received", "Reçus"),
    "transferred": ("Transferred", "Transférés"),
    "transferred-of": ("Transferred {year}", "Transférés {year}"),
    "change": ("Change since {year}", "Évolution par rapport à {year}"),
    "correction": ("Correction", "Correction"),
    "total": ("Total", "Total"),
    "risks": ("Received and transferred by risk", "Reçus et transférés par risque"),
    "risk": ("Risk", "Risque"),
    "risk-AW": ("accidents at work (AW)", "accidents du travail (AW)"),
    "risk-FB": ("family (FB)", "famille (FB)"),
    "risk-H": ("horizontal (H)", "horizontal (H)"),
    "risk-P": ("pensions (P)", "pensions (P)"),
    "risk-R": ("recovery (R)", "recouvrement (R)"),
    "risk-S": ("sickness (S)", "maladie (S)"),
    "risk-UB": ("unemployment (UB)", "chômage (UB)"),
    "risk-M": ("miscellaneous (M)", "divers (M)"),
    "risk-AD": ("administrative (AD)", "administratif (AD)"),
    "risk--": ("none named", "aucun indiqué"),
    "legislation": (
        "Applicable legislation (LA), outside all rates",
        "Législation applicable (LA), hors de tout taux",
    ),
    "apart": ("Counted apart, and in nothing else", "Comptés à part, et nulle part ailleurs"),
    "kind": ("Kind", "Nature"),
    "apart-test": ("test cases", "dossiers de test"),
    "apart-imported": ("open before the gateway", "ouverts avant la passerelle"),
    "apart-ours": ("begun by us", "ouverts par nous"),
    "apart-duplicate": (
        "duplicates of another case, as a person said",
        "doublons d'un autre dossier, selon une personne",
    ),
    "outcomes": ("What became of the cases received", "Issue des dossiers reçus"),
    "outcome": ("Outcome", "Issue"),
    "outcome-transferred": ("transferred, and the transfer stands", "transférés, sans retour"),
    "outcome-left": (
        "left to the institution, which took part already",
        "laissés à l'institution, déjà dans l'échange",
    ),
    "outcome-asked": (
        "asked about abroad, the answer is awaited",
        "question posée à l'étranger, réponse attendue",
    ),
    "outcome-person": ("with a person, or settled by one", "confiés à une personne, ou réglés"),
    "outcome-refused": ("refused", "refusés"),
    "outcome-observed": (
        "decided, and not sent (observe)",
        "décidés, sans envoi (observation)",
    ),
    "outcome-other": ("not settled yet", "pas encore réglés"),
    "came-back": (
        "Cases that came back at least once, whatever followed: {count}.",
        "Dossiers revenus au moins une fois, quelle que soit la suite : {count}.",
    ),
    "causes": ("Why a person had to look", "Pourquoi une personne a dû intervenir"),
    "causes-note": (
        "A case with several causes counts for each of them.",
        "Un dossier à plusieurs causes compte pour chacune.",
    ),
    "cause": ("Cause", "Cause"),
    "not-settled": ("neither transferred nor left", "ni transférés ni laissés"),
    "questions": ("Questions and reminders", "Questions et relances"),
    "questions-note": (
        "Questions belong to the year of their case, whenever they were asked.",
        "Les questions sont rattachées à l'année de leur dossier, quelle que soit leur date.",
    ),
    "asked-cases": ("Cases asked about", "Dossiers avec question"),
    "asked": ("Questions", "Questions"),
    "answered": ("Answered", "Répondues"),
    "reminders": ("Reminders", "Relances"),
    "countries": ("By country of the sender", "Par pays d'envoi"),
    "country": ("Country", "Pays"),
    "institutions": ("By institution that has the case", "Par institution destinataire"),
    "institution": ("Institution", "Institution"),
    "delivered": ("Delivered", "Remis"),
    "inside": (
        "Holds counts under 11: not to be published as it stands; the open data leave them out.",
        (
            "Contient des effectifs inférieurs à 11 : ne pas publier en l'état ; les données"
            " ouvertes"
            " les masquent."
        ),
    ),
    "given": ("Figures of others, as given", "Chiffres d'autres sources, tels que fournis"),
    "given-note": (
        "No gateway can know these; they are neither computed nor checked here.",
        "Aucune passerelle ne peut les connaître ; ils ne sont ni calculés ni vérifiés ici.",
    ),
    "figure": ("Figure", "Donnée"),
    "value": ("Value", "Valeur"),
    "source": ("Source", "Source"),
    "corrections": (
        "Corrections to months that are closed",
        "Corrections des mois clôturés",
    ),
    "corrections-note": (
        "The tables show what was closed; this is what has changed since.",
        "Les tableaux montrent les chiffres clôturés ; voici ce qui a changé depuis.",
    ),
    "corrections-none": (
        "Months closed: {months}. Nothing has changed in them since.",
        "Mois clôturés : {months}. Rien n'y a changé depuis.",
    ),
    "month": ("Month", "Mois"),
    "table": ("Table", "Tableau"),
    "key": ("Key", "Clé"),
    "measure": ("Measure", "Mesure"),
    "closed": ("Closed", "Clôturé"),
    "now": ("Now", "Actuel"),
    "difference": ("Difference", "Écart"),
    "note-year-not-over": (
        "The year is not over: these are the figures so far.",
        "L'année n'est pas finie : chiffres provisoires.",
    ),
    "note-begins-late": (
        "The journal begins in the course of the year: earlier cases are not in it.",
        "Le journal commence en cours d'année : les dossiers antérieurs n'y sont pas.",
    ),
    "note-before-begins-late": (
        "The journal does not hold the whole year compared with: the comparison is incomplete.",
        "Le journal ne contient pas toute l'année de comparaison : comparaison incomplète.",
    ),
    "note-before-empty": (
        "The journal holds nothing of the year to compare with: there is no comparison.",
        "Le journal ne contient rien de l'année de comparaison : il n'y a pas de comparaison.",
    ),
    "chart": (
        "Chart: {title}. The same figures stand in the table.",
        "Graphique : {title}. Les mêmes chiffres figurent dans le tableau.",
    ),
    "published": (
        "Cases transferred by BUC, as published",
        "Ventilation des BUC transférés, telle que publiée",
    ),
    "published-note": (
        (
            "Rows, figures and arrows are those of the published table; the computed arrow stands"
            " beside them."
        ),
        (
            "Lignes, chiffres et flèches sont ceux du tableau publié ; la flèche calculée figure à"
            " côté."
        ),
    ),
    "as-printed": ("Change, as printed", "Évolution, telle que publiée"),
    "computed": ("Computed", "Calculée"),
    "remark": ("Remark", "Remarque"),
    "note-arrow": (
        "{buc}: the printed arrow {printed} contradicts {now} against {before} ({computed}).",
        "{buc} : la flèche publiée {printed} contredit {now} contre {before} ({computed}).",
    ),
    "note-alias": (
        "{buc}: an old code of {canonical}.",
        "{buc} : ancien code de {canonical}.",
    ),
    "note-same-title": (
        "{bucs}: one title for different BUCs.",
        "{bucs} : un même intitulé pour des BUC différents.",
    ),
    "note-sums": (
        "The columns add up to {now} and {before}.",
        "Les colonnes totalisent {now} et {before}.",
    ),
    "note-stated": (
        "{stated} is stated ({source}); the rows add up to {sum}: {difference}.",
        "{stated} annoncés ({source}) ; les lignes totalisent {sum} : écart de {difference}.",
    ),
}


def said(lang: str, code: str, **params: object) -> str:
    """The text of a code in French for `fr`, in English for any other language."""
    return TEXTS[code][lang == "fr"].format(**params)
