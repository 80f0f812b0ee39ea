"""The sentences in French: kind -> code -> template.

Parameters stand in braces; a value that is a code itself is put in words by the kind `value`.
The words are those of the French social security: dossier, institution compétente, liste de
travail, mise de côté.
"""

from collections.abc import Mapping
from typing import Final

from gateway.wording import labels, notices, releases, retention, watching

_DECISIONS: Final = {
    "transfer": "Le dossier est transféré à l'institution compétente.",
    "deliver": "Le SED est remis à l'institution qui a déjà le dossier.",
    "leave": "L'institution compétente participe déjà au dossier.",
    "ask": "La passerelle demande à l'expéditeur ce qui manque ; le SED attend.",
    "hold": "Le SED attend.",
    "refuse": "Le message est refusé : il enfreint une règle du protocole."
    " L'étranger n'en est pas avisé.",
    "refer": "À décider par une personne : le dossier est sur la liste de travail.",
    "note": "Nous avons envoyé le SED nous-mêmes, à la main : le dossier est tenu à jour, rien ne"
    " part.",
    "reject": "Une personne rejette le SED : son expéditeur reçoit un X011.",
    "set-aside": "Le message est mis de côté, en quarantaine, avec ses octets.",
}

_HOLDING: Final = {
    "out-of-order": "Un message qui doit le précéder n'a pas encore été reçu.",
    "question-open": "Une question posée à l'expéditeur est encore ouverte.",
}

_REFUSING: Final = {
    "type-mismatch": "Le SED n'est pas du type annoncé dans l'en-tête.",
    "namespace-mismatch": "L'espace de noms du SED n'est pas celui de son type et de sa version du"
    " CDM.",
    "cdm-mismatch": "La version du CDM du SED n'est pas celle du dossier.",
    "schema-violation": "Le message enfreint le schéma officiel de son SED.",
}

_REFERRING: Final = {
    "already-participant": "L'institution compétente participe déjà au dossier.",
    "answer-in-prose": "La réponse contient du texte libre : quelqu'un doit la lire.",
    "asked-back": "L'institution interrogée veut savoir ce que demande notre question : quelqu'un"
    " doit lui répondre.",
    "before-go-live": "Le SED qui ouvre le dossier n'est pas ici : autant qu'on puisse le dire, le"
    " dossier est antérieur à la passerelle, et une personne le suit dans RINA.",
    "cannot-forward": "Dans ce BUC, notre institution ne peut pas transférer le dossier (X007).",
    "case-referred": "Le dossier est déjà sur la liste de travail ; ce SED l'y rejoint.",
    "closed": "Le dossier a été clos à l'étranger avant que l'institution compétente soit connue.",
    "conflict": "Les éléments du dossier se contredisent : ils mènent à plusieurs institutions.",
    "erased": "Le contenu des SED du dossier est effacé, sa durée passée : rien ne se décide sur"
    " le reste.",
    "exception-received": "Une exception (X050 ou X011) est revenue sur un envoi de notre part.",
    "expired": "Personne n'a répondu à la question, même après le dernier rappel.",
    "file-not-told": "L'expéditeur a répondu ; une institution est nommée, mais dans aucun champ"
    " qui dise qui détient le dossier (numéro de dossier ; en recouvrement, numéro de ce secteur).",
    "forwarded-late": "Le dossier est transféré, et le SED a été créé après le délai de grâce.",
    "inferred": "Une institution est trouvée, moins certaine que ce que demande la configuration :"
    " par ses lignes, ou par une adresse douteuse.",
    "institution-unusable": "L'institution trouvée n'est pas en vigueur, ou relève d'un autre"
    " environnement.",
    "no-context": "Le SED en dit trop peu sur la personne ou l'employeur pour écrire à l'étranger à"
    " son sujet.",
    "no-holder": "L'institution qui a le dossier l'a quitté, ou n'existe plus et n'a pas de"
    " successeur.",
    "look-up": "Le SED en dit trop peu, mais donne un NIR dont la clé est juste : les répertoires"
    " nationaux en disent peut-être plus.",
    "no-route": "Aucune règle de la table de routage ne couvre ce dossier.",
    "no-status": "C'est remis, et depuis personne n'a dit si c'est arrivé.",
    "not-delivered": "Un envoi remis n'a pas atteint son destinataire.",
    "nothing-to-ask-with": "Il manque un élément, et la passerelle n'a ici aucun moyen de le"
    " demander.",
    "other-content": "Cette version du document est déjà arrivée, avec un autre contenu.",
    "other-person": "Le SED concerne une autre personne que celle du dossier.",
    "out-of-order": "Un message qui doit le précéder n'a pas été reçu.",
    "own": "L'institution compétente est la nôtre, ou le dossier est à nous.",
    "profile-violation": "Le message enfreint un schéma propre à la passerelle, qui n'est pas"
    " officiel.",
    "protected": "Le dossier est protégé (PersonalProtectedCase) : une personne le traite.",
    "recalled": "Une personne a retiré ce qui devait partir : le dossier est à décider à nouveau.",
    "recalled-too-late": "Le transfert a été rappelé après son départ, et ce BUC ne permet pas de"
    " le reprendre : à l'institution qui a le dossier de le transférer.",
    "removed": "Notre institution a été retirée du dossier (X006, X007 ou X100).",
    "returned": "L'institution a rendu, quitté ou refusé le dossier : il ne lui est plus adressé.",
    "rule-refers": "La règle de routage confie ce genre de dossier à une personne.",
    "sed-not-in-buc": "Ce SED ne fait pas partie de ce BUC.",
    "sender-left": "L'expéditeur du SED a quitté le dossier : il n'y a plus personne à interroger.",
    "sending-failed": "Un envoi nécessaire n'a pas pu être fait.",
    "several": "Plusieurs institutions sont possibles, et rien ne les départage.",
    "still-missing": "L'expéditeur a répondu, et ce qui était demandé manque toujours.",
    "stranger": "L'émetteur ne participe pas au dossier d'après ce qu'on en sait,"
    " ou modifie le document d'un autre participant.",
    "taken": "Une personne a pris le dossier en charge ; ce SED l'y rejoint.",
    "undetermined": "Ce qui est connu ne désigne pas l'institution compétente, et ne peut pas être"
    " complété par une question.",
    "unknown-buc": "Ce BUC n'est pas au catalogue.",
    "unknown-cdm": "Cette version du CDM n'est pas au catalogue.",
    "unknown-sed": "Ce SED n'est pas au catalogue.",
    "withdrawn": "L'expéditeur a retiré le SED qui ouvre le dossier (X008).",
}

_ALONG: Final = {
    "with-its-case": "Il attendait, et a rejoint la liste de travail avec son dossier.",
}

_SETTING_ASIDE: Final = {
    "identity-conflict": "Un message de même identifiant est déjà arrivé, avec d'autres octets.",
    "internal-error": "La passerelle a échoué sur ce message : c'est un défaut à signaler.",
    "not-ours": "Aucune de nos institutions n'est parmi les destinataires.",
    "system-message": "C'est un message entre systèmes (SUC), pas un dossier.",
    "wrong-direction": "Il est dit envoyé par nous (direction : out), et son expéditeur n'est pas"
    " des nôtres.",
    "wrong-environment": "C'est un dossier de test, et nous sommes en production.",
    "empty": "Le message est vide.",
    "too-big": "Le message dépasse la taille permise par la configuration.",
    "not-xml": "Le message n'est pas du XML bien formé.",
    "bad-namespace": "Un espace de noms du document n'est pas une adresse absolue.",
    "too-many-attributes": "Un élément porte plus d'attributs que n'en a aucun SED.",
    "doctype": "Le XML contient un DOCTYPE, ce qui n'est jamais accepté.",
    "bad-mime": "Le message en plusieurs parties (MIME) ne peut pas être décomposé.",
    "not-a-business-message": "Le XML n'est pas un message métier EESSI (SBD).",
    "header-1.0": "L'en-tête est en version 1.0, qui n'est pas lue.",
    "header-version-unknown": "La version de l'en-tête est inconnue.",
    "header-incomplete": "Un élément obligatoire de l'en-tête manque, ou n'a pas la bonne forme.",
    "no-sed": "Le message ne contient aucun SED.",
    "several-seds": "Le message contient plus d'un SED.",
}

_TRACE: Final = {
    "residence-known": "Pays de résidence ({person}) : {country}.",
    "institution-named": "Le SED nomme l'institution {institution} ({place}).",
    "institution-named-unknown": "Le SED nomme une institution que le répertoire ne reconnaît pas"
    " exactement ({place}).",
    "institution-named-ended": "L'institution {institution}, nommée par le SED, n'était pas en"
    " vigueur le jour de la réception ; successeur : {successor}.",
    "institution-named-test": "L'institution {institution} relève d'un autre environnement (test ou"
    " production) : elle n'est pas retenue.",
    "named-with-other-country": "Le numéro attribué, d'après le SED, par {institution} serait de"
    " {country} : l'un des deux est erroné.",
    "scheme-known": "L'institution nommée indique le régime : {scheme}.",
    "crew": "Un pavillon ou une base d'affectation est indiqué : l'équipage d'un navire peut"
    " relever du régime des marins, le régime général n'est donc pas supposé.",
    "assumed-general-off": "La règle {rule} supposerait le régime général ; la configuration veut"
    " qu'on le demande dans {buc}.",
    "assumed-general": "Sans indice d'un autre régime, la règle {rule} suppose le régime général.",
    "route-matched": "La règle {rule} s'applique à {buc} (certitude {certainty}).",
    "rule-accepted": "La règle {rule} est déduite ; cette installation l'accepte comme probable.",
    "route-missing": "D'après ce qui est connu, aucune règle ne s'applique à {buc}.",
    "area-matched": "{network} : la zone {area} relève de {institution} (certitude {certainty}).",
    "area-ambiguous": "{network} : {count} institutions possibles pour l'adresse (zone {area}).",
    "area-unknown": "{network} : aucune institution connue pour ce lieu.",
    "address-in-doubt": "L'adresse est douteuse : à son code postal manque une localité qui soit la"
    " sienne.",
    "confirmed-by-name": "Le SED nomme lui-même {institution}, ce qui le confirme.",
    "contradicted-by-name": "Le lieu mène à {institution}, et le SED nomme {named}.",
    "successor": "L'institution {institution} a un successeur en vigueur : {successor}.",
    "institution-ended": "L'institution {institution} n'est pas en vigueur le jour de la réception"
    " ou de la décision, et aucun successeur ne l'est.",
    "institution-certainty": "Le répertoire connaît {institution} avec la certitude {certainty}.",
    "competence-denied": "L'annuaire dit que {institution} n'est pas prête pour {buc}.",
    "competence-not-told": "L'Institution Repository (SYN001) dit ce que traite {institution}, et"
    " {buc} n'en fait pas partie.",
    "competence-listed": "Le répertoire indique {institution} pour {buc} (certitude {certainty}).",
    "resolved-by-rule": "{buc} -> {label} ({institution}) : règle {rule} du {since}.",
    "resolved-by-place": "{buc}, {datum} -> {label} ({institution}) : règle {rule} du"
    " {since}, ressort {area}.",
    "competence-unlisted": "Attention : le répertoire n'indique pas {institution} pour {buc}.",
    "datum-missing": "Il manque : {datum}.",
    "schema-broken": "La règle {rule} du schéma en vigueur ({source}) est enfreinte.",
    "profile-warning": "Attention : la règle {rule} d'un schéma propre à la passerelle est"
    " enfreinte.",
    "party-id-unusual": "Attention : l'identifiant {institution} d'un participant a une forme"
    " inhabituelle.",
    "sed-outside-buc": "{sed} n'appartient pas au {buc}.",
    "sender-outside-buc": "Attention : dans le {buc}, {sed} n'est pas envoyé par {role}.",
    "action-outside-buc": "Attention : dans le {buc}, {sed} vient en {allowed}, pas en {action}.",
    "header-unusual": "Attention : la version d'en-tête {header} est inhabituelle avec le CDM"
    " {cdm}.",
    "sed-version-unusual": "Attention : le SED se dit du CDM {stated}, son en-tête du {cdm}.",
    "time-without-zone": "Attention : l'heure de création n'indique pas de fuseau ; elle est prise"
    " en UTC.",
    "cdm-before-its-time": "Attention : le dossier a débuté en CDM {cdm}, où les dossiers débutent"
    " à partir du {date}.",
    "cdm-after-its-time": "Attention : le dossier a débuté en CDM {cdm} ; depuis le {date} les"
    " dossiers débutent en {now}.",
    "cdm-switch-ahead": "Attention : les nouveaux dossiers débutent en CDM {cdm} le {date}, dans"
    " {days} jours.",
    "cdm-switch-unprepared": "Attention : les nouveaux dossiers débutent en CDM {cdm} le {date}, et"
    " cette passerelle ne connaît pas cette version : en installer une plus récente, sinon tous"
    " iront à une personne.",
    "cdm-switch-done": "Note : depuis le {date} les nouveaux dossiers débutent en CDM {cdm} ; les"
    " anciens gardent le leur.",
    "chosen-by-person": "Une personne a désigné {institution}.",
    "added-by-person": "Une personne a ajouté : {datum}.",
    "asked-by-person": "Une personne demande : {datum}.",
    "rejected-by-person": "Une personne rejette le SED : {ground}.",
    "answer-used": "La réponse reçue est utilisée pour : {datum}.",
    "content-known": "Même contenu que le message {message}.",
    "forwarder-unknown": "Le dossier nous a été transmis, et le message qui dit par qui n'est pas"
    " arrivé : il ne doit pas y retourner.",
    "tables-example": "Les tables {release} sont un exemple : la suite attend une personne tant que"
    " personne ne les accepte (tables accept).",
}

_MESSAGE_STATES: Final = {
    "recorded": "Décidé ; il reste quelque chose à envoyer.",
    "done": "Terminé : remis, ou rien n'était à envoyer.",
    "waiting": "Attend une réponse ou un message antérieur.",
    "referred": "Sur la liste de travail : à décider par une personne.",
    "refused": "Refusé ; sur la liste de travail, car l'étranger n'en est pas avisé.",
    "quarantined": "Mis de côté, en quarantaine.",
    "absorbed": "Même contenu qu'un message antérieur, et rattaché à lui.",
    "discarded": "Retiré définitivement de la quarantaine par une personne.",
}

_OBJECTIONS: Final = {
    "unknown-datum": "Les tables ne prévoient pas de question sur cet élément.",
    "unsayable": "Le texte manque, n'a pas sa place ici, ou est trop long (255 caractères).",
    "nothing-to-ask-with": "Ici, aucun moyen d'interroger l'étranger : traiter dans RINA.",
    "unknown-ground": "Un X011 porte le code 01, 02, 03 ou 99 (avec un texte).",
    "sender-left": "L'expéditeur a quitté le dossier : personne ne lirait le X011.",
    "cannot-reject": "Dans ce BUC, notre institution ne peut pas rejeter ce SED (X011).",
    "unknown-fact": "Un élément est inconnu ou illisible : voir `worklist resolve --help`.",
    "not-in-case": "La passerelle n'a pas admis ce message dans son dossier : traiter dans RINA.",
    "not-started": "Le SED qui ouvre le dossier n'est pas arrivé, ou a été retiré.",
    "forwarded-already": "Dossier déjà transféré : la passerelle ne transfère qu'une fois.",
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
    "no-reason": "Dire pourquoi (--why) : le motif reste dans l'historique du dossier.",
    "not-transferred": "La passerelle n'a pas transféré ce dossier : rien à rappeler.",
    "recalled-already": "Ce transfert a déjà été rappelé.",
    "sending-under-way": "Un envoi du dossier est en cours : réessayer dans un instant.",
}

_SENDING_OBJECTIONS: Final = {
    "not-to-confirm": "Rien qui attende un accord ; voir `eessi-gateway sending list`.",
    "not-to-withdraw": "Rien qui puisse encore être retiré ; voir `eessi-gateway sending list`.",
    "partly-left": "Une partie du transfert est partie : `eessi-gateway worklist recall`.",
    "case-moved-on": "Pas envoyé : le dossier a changé depuis la rédaction ; retirer l'envoi.",
    "question-settled": "Pas envoyé : la question est réglée, il n'y a plus rien à demander.",
    "after-observed": "Pas envoyé : il suit un envoi seulement observé ; nommer les deux.",
    "observing": "Pas envoyé : la passerelle ne fait qu'observer (`sending`) ; rien n'a changé.",
    "protected": "Pas envoyé : personne protégée. Rien n'est demandé ; le reste veut --protected.",
}

_CASE_OBJECTIONS: Final = {
    "no-reason": "Dire pourquoi (--why) : le motif reste dans l'historique du dossier.",
    "no-case": "Aucun dossier de ce nom ; `eessi-gateway worklist show` et `questions list` disent"
    " le dossier d'un message ou d'une question.",
    "taken-already": "Une personne l'a déjà ; `eessi-gateway journal show` dit qui.",
    "not-taken": "Personne ne l'a pris en charge : rien à rendre.",
    "no-question": "Aucune question de ce nom ; voir `eessi-gateway questions list --all`.",
    "settled-already": "La question est réglée ; voir `eessi-gateway questions show`.",
}

_CASE_STATES: Final = {
    "open": "Ouvert : rien n'est encore décidé.",
    "asked": "Une question posée à l'expéditeur est ouverte.",
    "referred": "Sur la liste de travail : à décider par une personne.",
    "forwarded": "Transféré à l'institution compétente.",
    "left": "Laissé à l'institution compétente, qui y participe.",
    "taken": "Entre les mains d'une personne : ce qui arrive est noté, rien ne part.",
}

_QUESTION_STATES: Final = {
    "open": "Ouverte : pas encore de réponse.",
    "answered": "Répondue.",
    "failed": "Échouée : elle n'a pas pu être envoyée, ou est revenue en exception.",
    "expired": "Expirée : personne n'a répondu à temps.",
    "overtaken": "Dépassée : le dossier a été transféré avant toute réponse.",
}

_SENDING_STATES: Final = {
    "waiting": "Attend qu'un autre envoi soit confirmé.",
    "proposed": "Attend l'accord d'une personne.",
    "due": "À envoyer.",
    "handed-over": "Remis : RINA, ou le dossier de l'institution, l'a reçu.",
    "sent": "Envoyé plus loin par RINA ou par l'institution.",
    "delivered": "Arrivé : le destinataire l'a reçu.",
    "failed": "Échoué : le destinataire ne le reçoit pas.",
    "withdrawn": "Retiré : il n'est jamais envoyé.",
    "observed": "Conservé, envoyé seulement si une personne le demande.",
}

_CASE_LINES: Final = {
    "too-big": "Le fichier dépasse 32 Mio : le partager.",
    "too-many-lines": "Le fichier a plus de 200 000 lignes : le partager.",
    "not-utf-8": "Le fichier n'est pas en UTF-8 : l'écrire à nouveau.",
    "header": "La première ligne doit être case_id;buc;our_role;participants;holder.",
    "columns": "Cinq cellules sont attendues, séparées par des points-virgules.",
    "case-id": "Case_id n'est pas un identifiant international de dossier.",
    "buc": "Ce BUC n'est pas au catalogue.",
    "our-role": "Our_role doit être CaseOwner ou Counterparty.",
    "participants": "Participants : des identifiants d'institutions, séparés par des virgules.",
    "not-ours": "Aucune de nos institutions n'est parmi les participants.",
    "holder": "Holder n'est pas une institution du répertoire ; le laisser vide si le dossier est"
    " chez nous.",
    "holder-own": "Holder, c'est nous : le laisser vide si le dossier est chez nous.",
    "holder-elsewhere": "Holder relève d'un autre environnement (test ou production).",
    "twice": "Le dossier est deux fois dans la liste.",
    "otherwise": "Le journal connaît ce dossier autrement, ou en a des messages.",
}

_STATUS_LINES: Final = {
    "too-big": "Le fichier dépasse 2 Mio : le partager.",
    "too-many-lines": "Le fichier a plus de 10 000 lignes : le partager.",
    "not-utf-8": "Le fichier n'est pas en UTF-8 : l'écrire à nouveau.",
    "header": "La première ligne doit être message_id;receiver;status;time;reason.",
    "columns": "Cinq cellules sont attendues, séparées par des points-virgules.",
    "message-id": "Message_id n'est pas l'identifiant d'un message remis par la passerelle.",
    "receiver": "Receiver n'est pas l'identifiant d'une institution, tel FR:0101100000.",
    "status": "Status doit être SENT, DELIVERED ou ERROR.",
    "time": "Time doit être un instant ISO 8601 avec son fuseau, et non à venir.",
    "reason": "Reason doit être vide ou un code sans espace ; jamais un texte, jamais le numéro"
    " d'une personne.",
    "unknown-message": "Rien n'a été remis sous ce message_id.",
    "other-receiver": "Ce message a été remis pour un autre destinataire.",
    "contradicts": "ERROR pour un envoi déjà dit arrivé : voir qui écrit le fichier.",
}

_MISSING: Final = {
    "residence": "Le lieu de résidence.",
    "claimant-residence": "L'adresse de résidence du survivant qui demande la pension.",
    "town": "La commune de résidence.",
    "institution": "L'institution qui détient le dossier.",
    "scheme": "Le régime de sécurité sociale.",
    "population": "Le statut professionnel (salarié, non-salarié, retraité ...).",
    "work": "Le lieu de travail en France.",
    "employer": "L'employeur français et son adresse.",
    "country": "Le pays de résidence.",
}

_VIOLATIONS: Final = {
    "*": "Une règle du schéma est enfreinte ({code}).",
    # the explanation, by the part of the schema that was broken (xmlschema)
    "XMLSchema10": "Élément {element} : le schéma ne connaît pas ce document.",
    "schema": "Élément {element} : le schéma est enfreint.",
    "XsdAnyAttribute": "Élément {element} : un attribut n'est pas permis ici.",
    "XsdAnyElement": "Élément {element} : il n'est pas permis ici.",
    "XsdAtomicBuiltin": "Élément {element} : la valeur n'est pas du bon type.",
    "XsdAtomicRestriction": "Élément {element} : la valeur n'est pas du bon type.",
    "XsdAttribute": "Élément {element} : un attribut a une valeur qui n'est pas permise.",
    "XsdAttributeGroup": "Élément {element} : un attribut manque ou n'est pas permis.",
    "XsdElement": "Élément {element} : il ne peut pas être employé ainsi.",
    "XsdEnumerationFacets": "Élément {element} : le code n'est pas dans la liste.",
    "XsdFractionDigitsFacet": "Élément {element} : le nombre a trop de décimales.",
    "XsdGroup": "Élément {element} : un élément y manque, n'y est pas permis ou y est mal placé.",
    "XsdLengthFacet": "Élément {element} : la valeur n'a pas la bonne longueur.",
    "XsdList": "Élément {element} : une valeur de la liste n'est pas du bon type.",
    "XsdMaxExclusiveFacet": "Élément {element} : la valeur est trop grande.",
    "XsdMaxInclusiveFacet": "Élément {element} : la valeur est trop grande.",
    "XsdMaxLengthFacet": "Élément {element} : la valeur est trop longue.",
    "XsdMinExclusiveFacet": "Élément {element} : la valeur est trop petite.",
    "XsdMinInclusiveFacet": "Élément {element} : la valeur est trop petite.",
    "XsdMinLengthFacet": "Élément {element} : la valeur est trop courte ou vide.",
    "XsdPatternFacets": "Élément {element} : la valeur n'a pas la bonne forme.",
    "XsdTotalDigitsFacet": "Élément {element} : le nombre a trop de chiffres.",
    "XsdUnion": "Élément {element} : la valeur n'est d'aucun des types permis.",
    # the verdict alone, by libxml2's name of the rule
    "SCHEMAV_CVC_ATTRIBUTE_3": "Un attribut a une valeur du mauvais type.",
    "SCHEMAV_CVC_AU": "Un attribut n'a pas la valeur imposée.",
    "SCHEMAV_CVC_COMPLEX_TYPE_2_1": "Un élément qui doit être vide ne l'est pas.",
    "SCHEMAV_CVC_COMPLEX_TYPE_2_2": "Un élément en contient d'autres là où seule une valeur est"
    " permise.",
    "SCHEMAV_CVC_COMPLEX_TYPE_2_3": "Il y a du texte là où seuls des éléments sont permis.",
    "SCHEMAV_CVC_COMPLEX_TYPE_3_2_1": "Un attribut n'est pas permis.",
    "SCHEMAV_CVC_COMPLEX_TYPE_4": "Un attribut obligatoire manque.",
    "SCHEMAV_CVC_DATATYPE_VALID_1_2_1": "Une valeur n'est pas du bon type.",
    "SCHEMAV_CVC_DATATYPE_VALID_1_2_2": "Une liste contient une valeur qui n'est pas du bon type.",
    "SCHEMAV_CVC_DATATYPE_VALID_1_2_3": "Une valeur n'est d'aucun des types permis.",
    "SCHEMAV_CVC_ELT_1": "Le schéma ne connaît pas cet élément.",
    "SCHEMAV_CVC_ELT_3_1": "Un élément est déclaré nul là où ce n'est pas permis.",
    "SCHEMAV_CVC_ELT_4_2": "Un élément se dit d'un type (xsi:type) que le schéma ne connaît pas.",
    "SCHEMAV_CVC_ELT_5_2_2_2_2": "Un élément n'a pas la valeur imposée.",
    "SCHEMAV_CVC_ENUMERATION_VALID": "Un code n'est pas dans sa liste.",
    "SCHEMAV_CVC_FACET_VALID": "Une valeur est hors de ses limites.",
    "SCHEMAV_CVC_FRACTIONDIGITS_VALID": "Un nombre a trop de décimales.",
    "SCHEMAV_CVC_IDC": "Une valeur n'est pas unique ou ne renvoie à rien, contre le schéma.",
    "SCHEMAV_CVC_LENGTH_VALID": "Une valeur n'a pas la bonne longueur.",
    "SCHEMAV_CVC_MAXEXCLUSIVE_VALID": "Une valeur est trop grande.",
    "SCHEMAV_CVC_MAXINCLUSIVE_VALID": "Une valeur est trop grande.",
    "SCHEMAV_CVC_MAXLENGTH_VALID": "Une valeur est trop longue.",
    "SCHEMAV_CVC_MINEXCLUSIVE_VALID": "Une valeur est trop petite.",
    "SCHEMAV_CVC_MININCLUSIVE_VALID": "Une valeur est trop petite.",
    "SCHEMAV_CVC_MINLENGTH_VALID": "Une valeur est trop courte ou vide.",
    "SCHEMAV_CVC_PATTERN_VALID": "Une valeur n'a pas la bonne forme.",
    "SCHEMAV_CVC_TOTALDIGITS_VALID": "Un nombre a trop de chiffres.",
    "SCHEMAV_CVC_TYPE_2": "Un élément est d'un type abstrait, inutilisable tel quel.",
    "SCHEMAV_CVC_TYPE_3_1_1": "Un élément à valeur simple porte un attribut.",
    "SCHEMAV_CVC_TYPE_3_1_2": "Un élément à valeur simple contient d'autres éléments.",
    "SCHEMAV_ELEMENT_CONTENT": "Un élément manque, n'est pas permis ou est mal placé.",
    "SCHEMAV_UNKNOWN": "Le message ne respecte pas son schéma ; aucune règle n'a été nommée.",
}

_VALUES: Final = {
    "certainty:inferred": "déduite",
    "certainty:likely": "probable",
    "certainty:solid": "solide",
    "certainty:confirmed": "confirmée",
    "role:owner": "le propriétaire du dossier",
    "role:counterparty": "la contrepartie",
    "person:*": "la personne principale du SED",
    "person:household": "la personne et sa famille",
    "person:insured": "l'assuré",
    "person:claimant": "le demandeur",
    "person:family-member": "le membre de la famille",
    "person:deceased": "la personne décédée",
    "person:debtor": "le débiteur",
    "person:employer": "l'employeur",
    "network:cpam": "CPAM (maladie)",
    "network:caf": "CAF (prestations familiales)",
    "network:carsat": "Carsat (retraite)",
    "network:msa": "MSA (agriculture)",
    "network:urssaf": "Urssaf (cotisations)",
    "network:invalidity": "Invalidité",
    "place:local-case-number": "émettrice d'un numéro de dossier",
    "place:pin": "émettrice d'un numéro d'identification personnel",
    "place:recovery-number": "émettrice d'un numéro de recouvrement",
    "place:competent-institution": "institution compétente",
    "datum:residence": "le lieu de résidence",
    "datum:town": "la commune de résidence",
    "datum:claimant-residence": "la résidence du survivant",
    "datum:institution": "l'institution qui détient le dossier",
    "datum:scheme": "le régime de sécurité sociale",
    "datum:population": "le statut professionnel",
    "datum:work": "le lieu de travail en France",
    "datum:employer": "l'employeur français et son adresse",
    "datum:country": "le pays de résidence",
    "scheme:general": "régime général",
    "scheme:agricultural": "régime agricole",
    "scheme:rail": "chemins de fer (SNCF)",
    "scheme:ratp": "RATP",
    "scheme:ieg": "industries électriques et gazières (IEG)",
    "scheme:mines": "mines",
    "scheme:seafarers": "marins",
    "scheme:clergy": "cultes",
    "scheme:military": "militaires",
    "scheme:notaries": "clercs et employés de notaires",
    "scheme:banque-de-france": "Banque de France",
    "scheme:civil-service-state": "fonction publique de l'État",
    "scheme:civil-service-local": "fonctions publiques territoriale et hospitalière",
    "scheme:state-workers": "ouvriers de l'État",
    "scheme:liberal": "professions libérales",
    "scheme:lawyers": "avocats",
    "scheme:assembly": "Assemblée nationale",
    "scheme:senate": "Sénat",
    "scheme:opera": "Opéra de Paris",
    "scheme:cese": "Conseil économique, social et environnemental",
    "scheme:civil-service": "fonction publique (retraite additionnelle)",
    "scheme:port-strasbourg": "port de Strasbourg",
    "scheme:seita": "manufacture des tabacs (SEITA)",
    "ground:01": "personne inconnue",
    "ground:02": "non compétent et hors d'état de transmettre",
    "ground:03": "ce qui est demandé n'existe pas",
    "ground:99": "autre motif",
    "successor:": "aucun",
    "element:": "(sans nom)",
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
    **labels.FRENCH,
    **releases.FRENCH,
    **retention.FRENCH,
    **watching.FRENCH,
    **notices.FRENCH,
}
"""Kind -> code -> template. A test compares it with the codes of the package, both ways."""
