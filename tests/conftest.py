"""The sentence that tests begin with: a message, as it comes from abroad."""

import logging
import os
import signal
import uuid

import hypothesis
import pytest
import structlog

from ir_directory import load as directory
from tests import reading_once
from tests.services import cluster as clusters
from tests.services import node as nodes

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # Whoever runs the tests in the background of a shell has it ignored, and so would the programs
    # that they interrupt.
    signal.signal(signal.SIGINT, signal.default_int_handler)

# Speed is never shown by a test: how long an example takes says what else the machine does. And
# whether a change passes is no chance; `pytest --hypothesis-profile=chance` looks for more.
_UNTIMED = hypothesis.settings(
    deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.register_profile("chance", _UNTIMED)
hypothesis.settings.register_profile("same", _UNTIMED, derandomize=True)
hypothesis.settings.load_profile("same")

_READ_ONCE = reading_once.once(directory.load)
_NAMES = uuid.UUID("6f0d4a1e-0000-4000-8000-000000000001")


def name(text):
    """A UUID for a name: the same name, the same UUID."""
    return str(uuid.uuid5(_NAMES, text))


def an_s040(town="Bourg-en-Bresse", postcode="01000", family="Muster", country="FR"):
    """The inside of a request for periods: one person, one address."""
    address = ""
    if town is not None:
        address = (
            f"<AddressPerson><Address><town>{town}</town><postalCode>{postcode}</postalCode>"
            f"<country><value>{country}</value></country></Address></AddressPerson>"
        )
    return (
        "<Person><PersonIdentification>"
        f"<familyName>{family}</familyName><forename>Erika</forename>"
        "<dateBirth>1985-07-15</dateBirth><sex><value>02</value></sex>"
        "</PersonIdentification></Person>"
        f"{address}"
        "<Request><PeriodConcerned><FixedPeriod><startDate>2024-01-01</startDate>"
        "<endDate>2024-12-31</endDate></FixedPeriod></PeriodConcerned></Request>"
    )


@pytest.fixture(scope="module", autouse=True)
def _directory_read_once(request):
    """Where the loader itself is not what is tested."""
    with pytest.MonkeyPatch.context() as patch:
        if request.path.parent.name != "directory":
            patch.setattr(directory, "load", _READ_ONCE)
        yield


@pytest.fixture(autouse=True)
def _log_as_it_was():
    """A test that sets up the log, or runs what does, leaves no level and no handler behind."""
    handlers = logging.getLogger().handlers[:]
    yield
    logging.captureWarnings(capture=False)
    logging.getLogger().handlers[:] = handlers
    structlog.reset_defaults()


@pytest.fixture
def uid():
    """`uid("one")`: the UUID that stands for a name in messages."""
    return name


@pytest.fixture
def person():
    """The inside of a SED about one person: `person(town="Lyon", postcode="69001")`."""
    return an_s040


@pytest.fixture
def a_message():
    """Makes a message: `a_message("first", sed="S040", inside=...)`; all else has a default."""
    return make_message


def make_message(
    message="one",
    *,
    case=None,
    buc="S_BUC_24",
    sed="S040",
    cdm="4.4",
    header="1.2",
    action="Start",
    document=None,
    version=1,
    related=None,
    sender=("DE:101320043", "CaseOwner"),
    receivers=(("FR:CLEISS0000", "Counterparty"),),
    created="2026-03-02T09:15:00.000Z",
    inside=None,
    flags="",
    root=None,
):
    """The bytes of a business message."""
    major, _, minor = cdm.partition(".")
    root = root or sed
    inside = an_s040() if inside is None else inside
    parties = "".join(
        f'<sbdh:{kind}><sbdh:Identifier Authority="urn:eu:europa:ec:dgempl:eessi:ir">{ident}'
        f"</sbdh:Identifier><sbdh:ContactTypeIdentifier>{role}</sbdh:ContactTypeIdentifier>"
        f"</sbdh:{kind}>"
        for kind, (ident, role) in [("Sender", sender), *(("Receiver", r) for r in receivers)]
    )
    link = f"<sbdh:RelatedSetId>{name(related)}</sbdh:RelatedSetId>" if related else ""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<sbdh:StandardBusinessDocument'
        ' xmlns:sbdh="http://eessi.dgempl.ec.europa.eu/namespaces/sbdh">'
        f"<sbdh:StandardBusinessDocumentHeader><sbdh:HeaderVersion>{header}</sbdh:HeaderVersion>"
        f"{parties}<sbdh:DocumentIdentification><sbdh:TypeVersion>{cdm}</sbdh:TypeVersion>"
        f"<sbdh:InstanceIdentifier>{name(message)}</sbdh:InstanceIdentifier>"
        f"<sbdh:Type>{sed}</sbdh:Type><sbdh:CaseAction>{action}</sbdh:CaseAction>"
        f"<sbdh:CreationDateAndTime>{created}</sbdh:CreationDateAndTime>"
        "</sbdh:DocumentIdentification><sbdh:BusinessScope><sbdh:CaseId>"
        f"<sbdh:InstanceIdentifier>{name(case or 'case of ' + message)}</sbdh:InstanceIdentifier>"
        f"<sbdh:BusinessServiceName>{buc}:{cdm}</sbdh:BusinessServiceName></sbdh:CaseId>"
        f"<sbdh:SetId>{name(document or 'document of ' + message)}</sbdh:SetId>"
        f"<sbdh:DocumentVersion>{version}</sbdh:DocumentVersion>{link}{flags}"
        "</sbdh:BusinessScope></sbdh:StandardBusinessDocumentHeader>"
        f'<sed:{root} xmlns:sed="http://ec.europa.eu/eessi/ns/{major}_{minor}/{sed}"'
        f' sedGVer="{major}" sedVer="{minor}">{inside}</sed:{root}>'
        "</sbdh:StandardBusinessDocument>\n"
    ).encode()


@pytest.fixture(scope="session")
def need_rabbitmq():
    """A test says so where there is none; it fails where there must be one."""
    _needs(nodes.absent())


@pytest.fixture(scope="session")
def node(need_rabbitmq, tmp_path_factory):
    """A RabbitMQ node of our own, for all tests of this process that leave it alive."""
    yield from _a_node(tmp_path_factory)


@pytest.fixture
def broker(request, need_rabbitmq, tmp_path_factory):
    """The node with everything that the gateway needs, and nothing in it.

    A test marked `kills_node` has a node to itself: what a SIGKILL has done to the files of its
    queues must not be met by the tests after it.
    """
    if request.node.get_closest_marker("kills_node"):
        life = _a_node(tmp_path_factory)
    else:
        life = iter((request.getfixturevalue("node"),))
    one = nodes.Broker(next(life))
    one.fresh("FR:0101100000")
    yield one
    for _ in life:  # its end
        pass


@pytest.fixture(scope="session")
def need_postgres():
    """PostgreSQL can be started here."""
    _needs(clusters.absent())


@pytest.fixture(scope="session")
def cluster(need_postgres):
    """A PostgreSQL cluster of our own, for all tests of this process that leave it alive."""
    one = clusters.Cluster()
    one.start()
    yield one
    one.end()


@pytest.fixture(scope="session")
def three_nodes(need_rabbitmq, tmp_path_factory):
    """RabbitMQ nodes of our own, clustered; `whole()` brings back those that were killed."""
    one = nodes.ThreeNodes(tmp_path_factory.mktemp("nodes"))
    yield one
    one.end()


def _needs(reason):
    """Say why a program is not there: a failure where all must be."""
    if reason is not None and os.environ.get("CI"):
        pytest.fail(reason)
    if reason is not None:
        pytest.skip(reason)


def _a_node(tmp_path_factory):
    one = nodes.Encrypted(tmp_path_factory.mktemp("rabbitmq"))
    one.start()
    yield one
    one.end()
