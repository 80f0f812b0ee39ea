"""The tables that a decision is judged on: one release, never mixed."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from gateway.core.composing import QuestionText
from ir_directory import InstitutionRepository
from routing_tables import Reminders, RoutingTable
from sed_schemas import Catalogue


@dataclass(frozen=True, slots=True)
class Tables:
    """A release: who exists, who is competent, and what each BUC allows."""

    release: str
    digest: str
    """SHA-256 over the release's manifest."""
    directory: InstitutionRepository
    routes: RoutingTable
    catalogue: Catalogue
    questions: Mapping[str, QuestionText]
    """Datum -> how it is asked for."""
    reminders: Reminders = field(default_factory=Reminders)
    """When it is asked again."""
