"""Makes the Grafana dashboards of this folder from `panels`; `make dashboards` runs it.

Each dashboard is written twice, in English and in French, with the same panels and queries. A test
builds them anew and compares, and holds each query against the metrics that the gateway shows.

The data source, the environment and the gateways are chosen at the top of a dashboard. Written
into another folder: `build.py FOLDER`.
"""

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from panels import DASHBOARDS, Dashboard, Panel, Row, Words

LANGUAGES: Final = ("en", "fr")
_OURS: Final = 'environment=~"$environment",gateway_instance=~"$gateway"'
"""What `@` stands for in a query: the gateways that are chosen at the top."""
_SOURCE: Final = {"type": "prometheus", "uid": "${datasource}"}
_WIDTH: Final = 24
"""Columns of Grafana's grid."""


def dashboards() -> dict[str, str]:
    """Name of each file -> what stands in it."""
    return {
        f"{one.name}.{lang}.json": json.dumps(_made(one, lang), ensure_ascii=False, indent=1) + "\n"
        for one in DASHBOARDS
        for lang in LANGUAGES
    }


def _said(words: str | Words, lang: str) -> str:
    return words if isinstance(words, str) else words[LANGUAGES.index(lang)]


def _made(one: Dashboard, lang: str) -> dict[str, Any]:
    return {
        "uid": f"eessi-{one.name}-{lang}",
        "title": _said(one.title, lang),
        "description": _said(one.meaning, lang),
        "tags": ["eessi-gateway", lang],
        "schemaVersion": 39,
        "version": 1,
        "editable": False,
        "graphTooltip": 1,
        "refresh": "30s",
        "time": {"from": one.since, "to": "now"},
        "timezone": "browser",
        "links": [
            {
                "type": "dashboards",
                "title": "EESSI",
                "tags": ["eessi-gateway", lang],
                "asDropdown": False,
                "includeVars": True,
                "keepTime": False,
            }
        ],
        "templating": {"list": _choices(lang)},
        "panels": list(_placed(one.rows, lang)),
    }


def _choices(lang: str) -> list[dict[str, Any]]:
    """What is chosen at the top: where the metrics are, and which gateways are looked at."""
    environments = "label_values(gateway_ready, environment)"
    gateways = 'label_values(gateway_ready{environment=~"$environment"}, gateway_instance)'
    return [
        {
            "name": "datasource",
            "type": "datasource",
            "query": "prometheus",
            "label": _said(("Data source", "Source de données"), lang),
        },
        _choice("environment", ("Environment", "Environnement"), environments, lang),
        _choice("gateway", ("Gateway", "Passerelle"), gateways, lang),
    ]


def _choice(name: str, label: Words, query: str, lang: str) -> dict[str, Any]:
    return {
        "name": name,
        "type": "query",
        "label": _said(label, lang),
        "datasource": _SOURCE,
        "query": {"query": query, "refId": name},
        "definition": query,
        "refresh": 2,
        "sort": 1,
        "multi": True,
        "includeAll": True,
        "allValue": ".*",
        "current": {"text": ["All"], "value": ["$__all"]},
    }


def _placed(rows: Sequence[Row], lang: str) -> Iterator[dict[str, Any]]:
    """Each row and its panels, with a number and a place: from left to right, then below."""
    number, down = 0, 0
    for row in rows:
        number += 1
        yield {
            "id": number,
            "type": "row",
            "title": _said(row.title, lang),
            "collapsed": False,
            "gridPos": {"x": 0, "y": down, "w": _WIDTH, "h": 1},
            "panels": [],
        }
        down, right, tallest = down + 1, 0, 0
        for panel in row.panels:
            if right + panel.width > _WIDTH:
                down, right, tallest = down + tallest, 0, 0
            number += 1
            place = {"x": right, "y": down, "w": panel.width, "h": panel.height}
            yield {"id": number, "gridPos": place, **_panel(panel, lang)}
            right, tallest = right + panel.width, max(tallest, panel.height)
        down += tallest


def _panel(panel: Panel, lang: str) -> dict[str, Any]:
    instant = panel.kind != "timeseries"
    return {
        "type": panel.kind,
        "title": _said(panel.title, lang),
        "description": _said(panel.meaning, lang),
        "datasource": _SOURCE,
        "targets": [
            {
                "refId": chr(ord("A") + at),
                "datasource": _SOURCE,
                "editorMode": "code",
                "expr": query.expression.replace("@", _OURS),
                "legendFormat": _said(query.legend, lang),
                "instant": instant,
                "range": not instant,
            }
            for at, query in enumerate(panel.queries)
        ],
        "fieldConfig": {"defaults": _field(panel, lang), "overrides": []},
        "options": _options(panel),
    }


def _field(panel: Panel, lang: str) -> dict[str, Any]:
    colours = panel.colours or ((None, "green"),)
    field: dict[str, Any] = {
        "unit": panel.unit,
        "noValue": _said(("none", "aucun"), lang),
        "color": {"mode": "thresholds" if panel.colours else "palette-classic"},
        "thresholds": {
            "mode": "absolute",
            "steps": [{"color": colour, "value": least} for least, colour in colours],
        },
    }
    if panel.kind == "timeseries":
        field["color"] = {"mode": "palette-classic"}
        field["min"] = 0
        shown = "line" if panel.colours else "off"
        field["custom"] = {
            "fillOpacity": 10,
            "lineWidth": 1,
            "showPoints": "never",
            "thresholdsStyle": {"mode": shown},
        }
    elif panel.kind == "bargauge":
        field["min"] = 0
        field["decimals"] = 0 if panel.unit == "short" else 1
    elif panel.unit == "percentunit":
        field["decimals"] = 3
    if panel.names is not None:
        options = {str(value): {"text": _said(w, lang)} for value, w in panel.names.items()}
        field["mappings"] = [{"type": "value", "options": options}]
    return field


def _options(panel: Panel) -> dict[str, Any]:
    reduced = {"calcs": ["lastNotNull"], "fields": "", "values": False}
    match panel.kind:
        case "stat":
            coloured = "background" if panel.colours else "none"
            return {
                "reduceOptions": reduced,
                "colorMode": coloured,
                "graphMode": "none",
                "textMode": "name" if panel.by_name else "auto",
            }
        case "bargauge":
            return {
                "reduceOptions": reduced,
                "orientation": "horizontal",
                "displayMode": "basic",
                "showUnfilled": True,
                "valueMode": "text",
            }
        case _:
            return {
                "legend": {"displayMode": "table", "placement": "bottom", "calcs": ["last", "max"]},
                "tooltip": {"mode": "multi", "sort": "desc"},
            }


def main() -> None:
    """Write the files beside this one, or into the folder that is named."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent
    for name, text in dashboards().items():
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
