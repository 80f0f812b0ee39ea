"""The Institution Repository as a SYN001 tells it, piece by piece."""


def period(until="2200-01-01"):
    return (
        "<ValidityPeriod><start>2015-01-01T00:00:00.000Z</start>"
        f"<end>{until}T00:00:00Z</end></ValidityPeriod>"
    )


def competence(buc, role="Counterparty", ready="true", until="2200-01-01"):
    return (
        f"<Competence><applicationRole>{role}</applicationRole>{period(until)}"
        f"<BUCType><name>{buc}</name></BUCType><isEESSIReady>{ready}</isEESSIReady></Competence>"
    )


def place(street, code, town, visitors="false"):
    street, town = (
        f"<Translation><languageCode>FR</languageCode><text>{text}</text></Translation>"
        for text in (street, town)
    )
    return (
        f"<PostalAddress><zIPCode>{code}</zIPCode><isVisitorAddress>{visitors}</isVisitorAddress>"
        f"<Street>{street}</Street><Town>{town}</Town></PostalAddress>"
    )


def institution(ident, name, *competences, until="2200-01-01", places=""):
    return (
        f"<Institution><officialID>{ident}</officialID><countryCode><value>{ident[:2]}</value>"
        "</countryCode><Name><Translation><languageCode>EN</languageCode><text>other</text>"
        "</Translation><Translation><languageCode>FR</languageCode>"
        f"<text>{name}</text></Translation></Name>{period(until)}"
        f"<PostalAddresses>{places}</PostalAddresses>"
        f"<Competences>{''.join(competences)}</Competences></Institution>"
    )


def syn001(*institutions):
    """What `a_message` needs to make the message of these institutions."""
    inside = (
        "<IRSync><version>4.1.2</version><InstitutionRepository><Institutions>"
        f"{''.join(institutions)}</Institutions></InstitutionRepository></IRSync>"
    )
    return {
        "buc": "SYNC_SUC_01",
        "sed": "SYN001",
        "cdm": "4.2",
        "header": "1.1",
        "sender": ("EU:CSN01", "DataSource"),
        "receivers": (("FR:APFR01", "DataDestination"),),
        "inside": inside,
    }
