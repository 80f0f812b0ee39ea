"""The template of a P8000: the package's is sound, and a wrong one is refused at the start."""

import pytest

from gateway.config import Config
from gateway.errors import Refused
from gateway.loading import desk, schemas
from gateway.pension_question import PACKAGED, held, template


def config(tmp_path, **policy):
    said = {"policy": {"pension_question": "p8000", **policy}}
    return Config.model_validate(said, context={"state": tmp_path})


def test_none_is_read_where_none_is_asked_for(tmp_path):
    assert template(Config.model_validate({}, context={"state": tmp_path})) is None


@pytest.mark.parametrize("cdm", ["4.1", "4.2", "4.3", "4.4"])
def test_the_one_of_the_package_keeps_to_the_schemas(tmp_path, cdm):
    said = config(tmp_path)
    inside = template(said)
    assert "<!--" not in inside
    held(said, inside, schemas(tmp_path), cdm)
    assert desk(said).policy.pension_template == inside


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("<P8000>", "cannot be read as XML"),
        ("<P9000>$person $questions</P9000>", "root is not P8000"),
        ("<!DOCTYPE P8000><P8000><a>$person $questions</a></P8000>", "root is not P8000"),
        ("<P8000><a>$person</a></P8000>", "lacks"),
        ("<P8000><a>$questions</a></P8000>", "lacks"),
    ],
)
def test_one_that_asks_nothing_is_refused(tmp_path, content, why):
    path = tmp_path / "p.xml"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(Refused, match=why):
        template(config(tmp_path, pension_template=path))
    with pytest.raises(Refused, match="cannot be read"):
        template(config(tmp_path, pension_template=tmp_path / "no.xml"))


def test_one_that_breaks_the_schema_is_refused_at_the_start(tmp_path):
    path = tmp_path / "p.xml"
    broken = "<PersonIdentification><sex><value>77</value></sex>$person</PersonIdentification>"
    inside = f"<InsuredPerson>{broken}</InsuredPerson><a>$questions</a>"
    path.write_text(f"<P8000>{inside}</P8000>", encoding="utf-8")
    with pytest.raises(Refused, match="breaks the schema of P8000"):
        desk(config(tmp_path, pension_template=path))


def test_the_template_of_the_package_says_that_it_is_inferred():
    assert "INFERRED" in PACKAGED.read_text(encoding="utf-8")
