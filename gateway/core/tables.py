"""The tables that a decision is judged on: one release, never mixed."""

from dataclasses import dataclass, field

from ir_directory import InstitutionRepository
from routing_tables import Questions, Reminders, RoutingTable
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
    questions: Questions
    """How a datum is asked for, and in which language."""
    reminders: Reminders = field(default_factory=Reminders)
    """When it is asked again."""
    example: bool = False
    """Made to show how it works: nobody has said that it is right."""
