"""The sentences in English: kind -> code -> template.

Parameters stand in braces; a value that is a code itself is put in words by the kind `value`.
"""

from collections.abc import Mapping
from typing import Final

from gateway.wording import labels, notices, releases, retention, watching

_DECISIONS: Final = {
    "transfer": "The case is transferred to the competent institution.",
    "deliver": "The SED is handed over to the institution that already has the case.",
    "leave": "The competent institution already takes part in the case.",
    "ask": "The gateway asks the sender for what is missing; the SED waits.",
    "hold": "The SED waits.",
    "refuse": "The message is refused: it breaks a rule of the protocol. Nobody abroad is told.",
    "refer": "A person must decide: the case is on the worklist.",
    "note": "We sent the SED ourselves, by hand: the case is kept up to date, and nothing leaves.",
    "reject": "A person rejects the SED: its sender gets an X011.",
    "set-aside": "The message is set aside, in quarantine, with its bytes.",
}

_HOLDING: Final = {
    "out-of-order": "A message that must come before it has not been received yet.",
    "question-open": "A question to the sender is still open.",
}

_REFUSING: Final = {
    "type-mismatch": "The SED is not of the type that the header announces.",
    "namespace-mismatch": "The SED's namespace is not the one of its type and CDM version.",
    "cdm-mismatch": "The CDM version of the SED is not the one of its case.",
    "schema-violation": "The message breaks the official schema of its SED.",
}

_REFERRING: Final = {
    "already-participant": "The competent institution already takes part in the case.",
    "answer-in-prose": "The answer holds free text: somebody must read it.",
    "asked-back": "Whoever was asked wants to know what our question means: somebody must reply.",
    "before-go-live": "The SED that starts the case is not here: the case began before the gateway"
    " did, as far as can be told, and a person has it in RINA.",
    "cannot-forward": "In this BUC our institution may not forward the case (X007).",
    "case-referred": "The case is on the worklist already; this SED joins it.",
    "closed": "The case was closed abroad before its competent institution was known.",
    "conflict": "The facts of the case contradict each other: they lead to several institutions.",
    "erased": "What the SEDs of the case said is erased after its period: on the rest nothing is"
    " decided.",
    "exception-received": "An exception came back (X050 or X011) on something that was sent.",
    "expired": "Nobody has answered the question, after the last reminder.",
    "file-not-told": "The sender has answered; an institution is named, but in no field that tells"
    " who has the file (a case number; in recovery a number of that sector).",
    "forwarded-late": "The case was forwarded, and the SED was created after the grace period.",
    "inferred": "One institution is found, less certain than the configuration asks for: by its"
    " rows, or by an address in doubt.",
    "institution-unusable": "The institution found is not in force, or is of another environment.",
    "no-context": "The SED says too little about the person or employer to write abroad.",
    "no-holder": "The institution that has the case has left it, or no longer exists and has no"
    " successor.",
    "look-up": "The SED says too little, but a French number (NIR) with a right key: the national"
    " registers may tell more.",
    "no-route": "No rule of the routing table covers this case.",
    "no-status": "It was handed over, and nobody has said since whether it was delivered.",
    "not-delivered": "Something that was handed over did not reach its receiver.",
    "nothing-to-ask-with": "Something is missing, and the gateway has no way to ask for it here.",
    "other-content": "This version of the document came before, with another content.",
    "other-person": "The SED is about another person than the case.",
    "out-of-order": "A message that must come before it has not been received.",
    "own": "The competent institution is our own, or the case is ours.",
    "profile-violation": "The message breaks a schema of the gateway's own, which is not official.",
    "protected": "The case is protected (PersonalProtectedCase): a person handles it.",
    "recalled": "A person has withdrawn what was to leave: the case is to be decided anew.",
    "recalled-too-late": "The transfer was called back after it had left, and in this BUC it cannot"
    " be taken back: the institution that has the case must forward it.",
    "removed": "Our institution was removed from the case (X006, X007 or X100).",
    "returned": "The institution has given the case back, left or refused it: never to it again.",
    "rule-refers": "The routing rule leaves this kind of case to a person.",
    "sed-not-in-buc": "This SED does not belong to this BUC.",
    "sender-left": "Whoever sent the SED has left the case: there is nobody to ask.",
    "sending-failed": "Something that had to be sent could not be sent.",
    "several": "Several institutions are possible, and nothing tells them apart.",
    "still-missing": "The sender has answered, and what was asked for is still missing.",
    "stranger": "The sender does not take part in the case as far as is known,"
    " or changes the document of another participant.",
    "taken": "A person has taken the case; this SED joins what he has.",
    "undetermined": "What is known does not tell the competent institution, nor can it be asked.",
    "unknown-buc": "This BUC is not in the catalogue.",
    "unknown-cdm": "This CDM version is not in the catalogue.",
    "unknown-sed": "This SED is not in the catalogue.",
    "withdrawn": "The sender has withdrawn the SED that starts the case (X008).",
}

_ALONG: Final = {
    "with-its-case": "It waited, and came to a person with its case.",
}

_SETTING_ASIDE: Final = {
    "identity-conflict": "A message with this id came before, with other bytes.",
    "internal-error": "The gateway failed on this message: that is a defect to be reported.",
    "not-ours": "None of our institutions is among the receivers.",
    "system-message": "It is a message between systems (SUC), not a case.",
    "wrong-direction": "It is said to be sent by us (direction: out), and its sender is not ours.",
    "wrong-environment": "It is a test case, and this is production.",
    "empty": "The message is empty.",
    "too-big": "The message is larger than the configuration allows.",
    "not-xml": "The message is not well-formed XML.",
    "bad-namespace": "A namespace of the document is not an absolute address.",
    "too-many-attributes": "An element has more attributes than any SED has.",
    "doctype": "The XML holds a DOCTYPE, which is never accepted.",
    "bad-mime": "The multipart message cannot be taken apart.",
    "not-a-business-message": "The XML is not an EESSI business message (SBD).",
    "header-1.0": "The header is of version 1.0, which is not read.",
    "header-version-unknown": "The version of the header is unknown.",
    "header-incomplete": "Something mandatory in the header is missing or has a wrong form.",
    "no-sed": "The message holds no SED.",
    "several-seds": "The message holds more than one SED.",
}

_TRACE: Final = {
    "residence-known": "Country of residence ({person}): {country}.",
    "institution-named": "The SED names institution {institution} ({place}).",
    "institution-named-unknown": "The SED names an institution that is not one exactly known"
    " ({place}).",
    "institution-named-ended": "Institution {institution}, which the SED names, was not in force on"
    " the day of receipt; successor: {successor}.",
    "institution-named-test": "Institution {institution} belongs to another environment (test or"
    " production): it is not used.",
    "named-with-other-country": "The number that {institution} is said to have given is one of"
    " {country}: one of the two is a slip.",
    "scheme-known": "The institution named tells the scheme: {scheme}.",
    "crew": "A flag state or home base is given: a ship's crew may be in the seafarers' scheme, so"
    " the general scheme is not assumed.",
    "assumed-general-off": "Rule {rule} would assume the general scheme; the configuration wants it"
    " asked for in {buc}.",
    "assumed-general": "With no sign of another scheme, rule {rule} assumes the general scheme.",
    "route-matched": "Route {rule} applies to {buc} (certainty {certainty}).",
    "rule-accepted": "Rule {rule} is inferred; this installation accepts it as likely.",
    "route-missing": "With what is known, no route applies to {buc}.",
    "area-matched": "{network}: area {area} belongs to {institution} (certainty {certainty}).",
    "area-ambiguous": "{network}: {count} institutions are possible for the address (area {area}).",
    "area-unknown": "{network}: no institution is known for this place.",
    "address-in-doubt": "The address is in doubt: its postcode stands without a town of its own.",
    "confirmed-by-name": "The SED itself names {institution}, which confirms it.",
    "contradicted-by-name": "The place leads to {institution}, and the SED names {named}.",
    "successor": "Institution {institution} has a successor in force: {successor}.",
    "institution-ended": "Institution {institution} is not in force on the day of receipt or of"
    " the decision, and no successor is.",
    "institution-certainty": "The directory knows {institution} with certainty {certainty}.",
    "competence-denied": "The directory says that {institution} is not ready for {buc}.",
    "competence-not-told": "The Institution Repository (SYN001) says what {institution}"
    " handles, and {buc} is not among it.",
    "competence-listed": "The directory lists {institution} for {buc} (certainty {certainty}).",
    "resolved-by-rule": "{buc} -> {label} ({institution}): route {rule} of {since}.",
    "resolved-by-place": "{buc}, {datum} -> {label} ({institution}): route {rule} of"
    " {since}, catchment {area}.",
    "competence-unlisted": "Warning: the directory does not list {institution} for {buc}.",
    "datum-missing": "Missing: {datum}.",
    "schema-broken": "Rule {rule} of the schema in force ({source}) is broken.",
    "profile-warning": "Warning: rule {rule} of a schema of the gateway's own is broken.",
    "party-id-unusual": "Warning: the id {institution} of a participant has an unusual form.",
    "sed-outside-buc": "{sed} does not belong to {buc}.",
    "sender-outside-buc": "Warning: in {buc} the {role} does not send {sed}.",
    "action-outside-buc": "Warning: in {buc} {sed} comes as {allowed}, not as {action}.",
    "header-unusual": "Warning: header version {header} is unusual with CDM {cdm}.",
    "sed-version-unusual": "Warning: the SED says that it is of CDM {stated}, its header {cdm}.",
    "time-without-zone": "Warning: the time of creation names no zone, and is taken as UTC.",
    "cdm-before-its-time": "Warning: the case began in CDM {cdm}, in which cases begin from {date}"
    " on.",
    "cdm-after-its-time": "Warning: the case began in CDM {cdm}; since {date} cases begin in"
    " {now}.",
    "cdm-switch-ahead": "Warning: new cases begin in CDM {cdm} on {date}, in {days} days.",
    "cdm-switch-unprepared": "Warning: new cases begin in CDM {cdm} on {date}, and this gateway"
    " does not know that version: install a newer one, or all of them go to a person.",
    "cdm-switch-done": "Note: since {date} new cases begin in CDM {cdm}; older ones keep theirs.",
    "chosen-by-person": "A person has named {institution}.",
    "added-by-person": "A person added: {datum}.",
    "asked-by-person": "A person asks for: {datum}.",
    "rejected-by-person": "A person rejects the SED: {ground}.",
    "answer-used": "The answer received is used for: {datum}.",
    "content-known": "Same content as message {message}.",
    "forwarder-unknown": "The case was forwarded to us, and the message that says by whom has not"
    " come: it must not go back there.",
    "tables-example": "The tables {release} are an example: what follows waits for a person until"
    " somebody accepts them (tables accept).",
}

_MESSAGE_STATES: Final = {
    "recorded": "Decided; something is still to be sent.",
    "done": "Done: handed over, or nothing had to be sent.",
    "waiting": "Waits for an answer or for an earlier message.",
    "referred": "On the worklist: a person must decide.",
    "refused": "Refused; on the worklist, because nobody abroad was told.",
    "quarantined": "Set aside, in quarantine.",
    "absorbed": "Same content as an earlier message, and linked to it.",
    "discarded": "Taken out of quarantine for good, by a person.",
}

_OBJECTIONS: Final = {
    "unknown-datum": "The tables have no question for what is asked for.",
    "unsayable": "The text is missing, has no place here, or is too long (255 characters).",
    "nothing-to-ask-with": "In this case there is no way to ask abroad: handle it in RINA.",
    "unknown-ground": "An X011 has the code 01, 02, 03 or 99 (with a text).",
    "sender-left": "The sender has left the case: nobody would read the X011.",
    "cannot-reject": "In this BUC our institution cannot reject this SED (X011).",
    "unknown-fact": "A fact is not known or cannot be read: see `worklist resolve --help`.",
    "not-in-case": "The gateway did not let this message into its case: handle it in RINA.",
    "not-started": "The SED that starts the case has not come, or was withdrawn.",
    "forwarded-already": "The case was forwarded before: the gateway forwards a case once.",
    **{
        code: _REFERRING[code]
        for code in (
            "protected",
            "institution-unusable",
            "own",
            "returned",
            "already-participant",
            "cannot-forward",
            "no-context",
        )
    },
}

_RECALLS: Final = {
    "no-reason": "Say why (--why): the reason stays in the history of the case.",
    "not-transferred": "The gateway has not transferred this case: there is nothing to call back.",
    "recalled-already": "The transfer was called back before.",
    "sending-under-way": "Something of the case is on its way out just now: try again in a moment.",
}

_SENDING_OBJECTIONS: Final = {
    "not-to-confirm": "Nothing that waits for a yes; see `eessi-gateway sending list`.",
    "not-to-withdraw": "Nothing that can still be withdrawn; see `eessi-gateway sending list`.",
    "partly-left": "A part of the transfer has left: see `eessi-gateway worklist recall`.",
    "case-moved-on": "Not sent: the case has moved on since it was written; withdraw it.",
    "question-settled": "Not sent: its question is settled; nobody needs to be asked any more.",
    "after-observed": "Not sent: it comes after a sending that was only observed; name both.",
    "observing": "Not sent: the gateway only observes (`sending`); nothing was changed.",
    "protected": "Not sent: the person is protected. Nobody is asked; the rest needs --protected.",
}

_CASE_OBJECTIONS: Final = {
    "no-reason": "Say why (--why): the reason stays in the history of the case.",
    "no-case": "There is no such case; `eessi-gateway worklist show` and `questions list` tell the"
    " case of a message or a question.",
    "taken-already": "A person has it already; `eessi-gateway journal show` tells who.",
    "not-taken": "Nobody has taken it: there is nothing to give back.",
    "no-question": "There is no such question; see `eessi-gateway questions list --all`.",
    "settled-already": "The question is settled; `eessi-gateway questions show` tells how.",
}

_CASE_STATES: Final = {
    "open": "Open: nothing is decided yet.",
    "asked": "A question to the sender is open.",
    "referred": "On the worklist: a person must decide.",
    "forwarded": "Forwarded to the competent institution.",
    "left": "Left to the competent institution, which takes part in it.",
    "taken": "In a person's hands: what comes is recorded, nothing leaves.",
}

_QUESTION_STATES: Final = {
    "open": "Open: no answer yet.",
    "answered": "Answered.",
    "failed": "Failed: it could not be sent, or came back as an exception.",
    "expired": "Expired: nobody answered in time.",
    "overtaken": "Overtaken: the case was forwarded before anybody answered.",
}

_SENDING_STATES: Final = {
    "waiting": "Waits until another sending is confirmed.",
    "proposed": "Waits for a person's yes.",
    "due": "To be sent.",
    "handed-over": "Handed over: RINA, or the institution's folder, has it.",
    "sent": "Sent on by RINA or the institution.",
    "delivered": "Delivered: its receiver has it.",
    "failed": "Failed: its receiver does not get it.",
    "withdrawn": "Withdrawn: it is never sent.",
    "observed": "Kept, not sent unless a person asks: the gateway only observes.",
}

_CASE_LINES: Final = {
    "too-big": "The file is larger than 32 MiB: split it.",
    "too-many-lines": "The file has more than 200,000 lines: split it.",
    "not-utf-8": "The file is not UTF-8: write it anew.",
    "header": "The first line must be case_id;buc;our_role;participants;holder.",
    "columns": "Five cells are expected, with a semicolon between them.",
    "case-id": "Case_id is not an international case id.",
    "buc": "This BUC is not in the catalogue.",
    "our-role": "Our_role must be CaseOwner or Counterparty.",
    "participants": "Participants must be ids of institutions with commas between them.",
    "not-ours": "None of our institutions is among the participants.",
    "holder": "Holder is no institution of the directory; leave it empty when the case is with us.",
    "holder-own": "Holder is ourselves: leave it empty when the case is with us.",
    "holder-elsewhere": "Holder belongs to another environment (test or production).",
    "twice": "The case stands in the list twice.",
    "otherwise": "The journal knows this case otherwise, or has messages of it.",
}

_STATUS_LINES: Final = {
    "too-big": "The file is larger than 2 MiB: split it.",
    "too-many-lines": "The file has more than 10,000 lines: split it.",
    "not-utf-8": "The file is not UTF-8: write it anew.",
    "header": "The first line must be message_id;receiver;status;time;reason.",
    "columns": "Five cells are expected, with a semicolon between them.",
    "message-id": "Message_id is not the id of a message that the gateway handed over.",
    "receiver": "Receiver is not the id of an institution, such as FR:0101100000.",
    "status": "Status must be SENT, DELIVERED or ERROR.",
    "time": "Time must be an ISO 8601 instant with its zone, not of the future.",
    "reason": "Reason must be empty or a code without spaces; never a text, never a number of a"
    " person.",
    "unknown-message": "Nothing was handed over under this message_id.",
    "other-receiver": "This message was handed over for another receiver.",
    "contradicts": "An ERROR of what was said to be delivered: ask whoever writes the file.",
}

_MISSING: Final = {
    "residence": "The place of residence.",
    "claimant-residence": "The address of residence of the survivor who claims.",
    "town": "The town of residence.",
    "institution": "The institution that holds the file.",
    "scheme": "The social security scheme.",
    "population": "The occupational status (employee, self-employed, pensioner ...).",
    "work": "The place of work in France.",
    "employer": "The French employer and its address.",
    "country": "The country of residence.",
}

_VIOLATIONS: Final = {
    "*": "A rule of the schema is broken ({code}).",
    # the explanation, by the part of the schema that was broken (xmlschema)
    "XMLSchema10": "Element {element}: the schema knows no such document.",
    "schema": "Element {element}: the schema is broken.",
    "XsdAnyAttribute": "Element {element}: an attribute is not allowed here.",
    "XsdAnyElement": "Element {element}: it is not allowed here.",
    "XsdAtomicBuiltin": "Element {element}: the value is not of the right type.",
    "XsdAtomicRestriction": "Element {element}: the value is not of the right type.",
    "XsdAttribute": "Element {element}: an attribute has a value that is not allowed.",
    "XsdAttributeGroup": "Element {element}: an attribute is missing or not allowed.",
    "XsdElement": "Element {element}: it may not be used in this way.",
    "XsdEnumerationFacets": "Element {element}: the code is not in the list.",
    "XsdFractionDigitsFacet": "Element {element}: the number has too many decimals.",
    "XsdGroup": "Element {element}: a child is missing, not allowed, or in the wrong order.",
    "XsdLengthFacet": "Element {element}: the value has the wrong length.",
    "XsdList": "Element {element}: a value of the list is not of the right type.",
    "XsdMaxExclusiveFacet": "Element {element}: the value is too large.",
    "XsdMaxInclusiveFacet": "Element {element}: the value is too large.",
    "XsdMaxLengthFacet": "Element {element}: the value is too long.",
    "XsdMinExclusiveFacet": "Element {element}: the value is too small.",
    "XsdMinInclusiveFacet": "Element {element}: the value is too small.",
    "XsdMinLengthFacet": "Element {element}: the value is too short or empty.",
    "XsdPatternFacets": "Element {element}: the value does not have the right form.",
    "XsdTotalDigitsFacet": "Element {element}: the number has too many digits.",
    "XsdUnion": "Element {element}: the value is of none of the types allowed.",
    # the verdict alone, by libxml2's name of the rule
    "SCHEMAV_CVC_ATTRIBUTE_3": "An attribute has a value of the wrong type.",
    "SCHEMAV_CVC_AU": "An attribute has another value than the fixed one.",
    "SCHEMAV_CVC_COMPLEX_TYPE_2_1": "An element that must be empty is not.",
    "SCHEMAV_CVC_COMPLEX_TYPE_2_2": "An element holds others where only a value is allowed.",
    "SCHEMAV_CVC_COMPLEX_TYPE_2_3": "There is text where only elements are allowed.",
    "SCHEMAV_CVC_COMPLEX_TYPE_3_2_1": "An attribute is not allowed.",
    "SCHEMAV_CVC_COMPLEX_TYPE_4": "A mandatory attribute is missing.",
    "SCHEMAV_CVC_DATATYPE_VALID_1_2_1": "A value is not of the right type.",
    "SCHEMAV_CVC_DATATYPE_VALID_1_2_2": "A list holds a value that is not of the right type.",
    "SCHEMAV_CVC_DATATYPE_VALID_1_2_3": "A value is of none of the types allowed.",
    "SCHEMAV_CVC_ELT_1": "The schema does not know this element.",
    "SCHEMAV_CVC_ELT_3_1": "An element is declared nil where that is not allowed.",
    "SCHEMAV_CVC_ELT_4_2": "An element claims a type (xsi:type) that the schema does not know.",
    "SCHEMAV_CVC_ELT_5_2_2_2_2": "An element has another value than the fixed one.",
    "SCHEMAV_CVC_ENUMERATION_VALID": "A code is not in its list.",
    "SCHEMAV_CVC_FACET_VALID": "A value is outside its limits.",
    "SCHEMAV_CVC_FRACTIONDIGITS_VALID": "A number has too many decimals.",
    "SCHEMAV_CVC_IDC": "A value is not unique, or refers to nothing, where the schema demands it.",
    "SCHEMAV_CVC_LENGTH_VALID": "A value has the wrong length.",
    "SCHEMAV_CVC_MAXEXCLUSIVE_VALID": "A value is too large.",
    "SCHEMAV_CVC_MAXINCLUSIVE_VALID": "A value is too large.",
    "SCHEMAV_CVC_MAXLENGTH_VALID": "A value is too long.",
    "SCHEMAV_CVC_MINEXCLUSIVE_VALID": "A value is too small.",
    "SCHEMAV_CVC_MININCLUSIVE_VALID": "A value is too small.",
    "SCHEMAV_CVC_MINLENGTH_VALID": "A value is too short or empty.",
    "SCHEMAV_CVC_PATTERN_VALID": "A value does not have the right form.",
    "SCHEMAV_CVC_TOTALDIGITS_VALID": "A number has too many digits.",
    "SCHEMAV_CVC_TYPE_2": "An element is of an abstract type, which cannot be used as it is.",
    "SCHEMAV_CVC_TYPE_3_1_1": "An element with a simple value has an attribute.",
    "SCHEMAV_CVC_TYPE_3_1_2": "An element with a simple value holds other elements.",
    "SCHEMAV_ELEMENT_CONTENT": "An element is missing, not allowed, or in the wrong order.",
    "SCHEMAV_UNKNOWN": "The message does not keep to its schema; no rule was named.",
}

_VALUES: Final = {
    "certainty:inferred": "inferred",
    "certainty:likely": "likely",
    "certainty:solid": "solid",
    "certainty:confirmed": "confirmed",
    "role:owner": "case owner",
    "role:counterparty": "counterparty",
    "person:*": "the SED's main person",
    "person:household": "the person and the family",
    "person:insured": "the insured person",
    "person:claimant": "the claimant",
    "person:family-member": "the family member",
    "person:deceased": "the deceased person",
    "person:debtor": "the debtor",
    "person:employer": "the employer",
    "network:cpam": "CPAM (sickness insurance)",
    "network:caf": "CAF (family benefits)",
    "network:carsat": "Carsat (pensions)",
    "network:msa": "MSA (agriculture)",
    "network:urssaf": "Urssaf (contributions)",
    "network:invalidity": "Invalidity",
    "place:local-case-number": "issuer of a case number",
    "place:pin": "issuer of a personal identification number",
    "place:recovery-number": "issuer of a number for recovery",
    "place:competent-institution": "competent institution",
    "datum:residence": "the place of residence",
    "datum:town": "the town of residence",
    "datum:claimant-residence": "the residence of the survivor",
    "datum:institution": "the institution that holds the file",
    "datum:scheme": "the social security scheme",
    "datum:population": "the occupational status",
    "datum:work": "the place of work in France",
    "datum:employer": "the French employer and its address",
    "datum:country": "the country of residence",
    "scheme:general": "general scheme",
    "scheme:agricultural": "agricultural scheme",
    "scheme:rail": "railways (SNCF)",
    "scheme:ratp": "Paris public transport (RATP)",
    "scheme:ieg": "electricity and gas industries (IEG)",
    "scheme:mines": "mines",
    "scheme:seafarers": "seafarers",
    "scheme:clergy": "clergy",
    "scheme:military": "military",
    "scheme:notaries": "notaries' clerks and employees",
    "scheme:banque-de-france": "Banque de France",
    "scheme:civil-service-state": "State civil service",
    "scheme:civil-service-local": "local and hospital civil service",
    "scheme:state-workers": "State industrial workers",
    "scheme:liberal": "liberal professions",
    "scheme:lawyers": "lawyers",
    "scheme:assembly": "National Assembly",
    "scheme:senate": "Senate",
    "scheme:opera": "Paris Opera",
    "scheme:cese": "Economic, Social and Environmental Council",
    "scheme:civil-service": "civil service (additional pension)",
    "scheme:port-strasbourg": "port of Strasbourg",
    "scheme:seita": "tobacco manufacture (SEITA)",
    "ground:01": "person unknown",
    "ground:02": "not competent and unable to forward",
    "ground:03": "what is asked for does not exist",
    "ground:99": "other reason",
    "successor:": "none",
    "element:": "(without a name)",
}

CATALOGUE: Final[Mapping[str, Mapping[str, str]]] = {
    "decision": _DECISIONS,
    "cause": {**_HOLDING, **_REFUSING, **_REFERRING, **_ALONG, **_SETTING_ASIDE},
    "trace": _TRACE,
    "message-state": _MESSAGE_STATES,
    "objection": _OBJECTIONS,
    "recall": _RECALLS,
    "sending-objection": _SENDING_OBJECTIONS,
    "case-objection": _CASE_OBJECTIONS,
    "case-state": _CASE_STATES,
    "question-state": _QUESTION_STATES,
    "sending-state": _SENDING_STATES,
    "status-line": _STATUS_LINES,
    "case-line": _CASE_LINES,
    "missing": _MISSING,
    "violation": _VIOLATIONS,
    "value": _VALUES,
    **labels.ENGLISH,
    **releases.ENGLISH,
    **retention.ENGLISH,
    **watching.ENGLISH,
    **notices.ENGLISH,
}
"""Kind -> code -> template. A test compares it with the codes of the package, both ways."""
