"""What `--help` says in French. The English stands beside each command; a test holds both together.

`COMMANDS` by the words of a command, `OPTIONS` by the English of the option: the same help is the
same sentence wherever it stands. `TERMS` are the words of click around them.
"""

from typing import Final

COMMANDS: Final = {
    "": "Achemine les dossiers EESSI vers l'institution française compétente.",
    "run": "Faire travailler la passerelle jusqu'à l'ordre d'arrêt (SIGTERM, Ctrl-C).",
    "demo": "Faire travailler la passerelle sur un mois inventé, et montrer ce qu'il en advient.",
    "check": "Contrôler configuration, tables et schémas sans rien démarrer.",
    "status": "Dire comment va la passerelle et ce qui attend (code 3 : elle ne tourne pas).",
    "doctor": "Décrire l'installation : versions, noms des réglages, alertes ; rien de secret.",
    "pause": "Ne rien laisser partir ni échoir jusqu'à `resume` ; seul, ne rien recevoir non plus.",
    "resume": "Finir la pause de même portée ; ce qui était retenu reprend.",
    "backup": "Copier journal, versions et schémas dans un nouveau dossier, sans arrêter le"
    " travail.",
    "restore": "Remettre une sauvegarde dans un dossier d'état vide ; rien ne part avant `resume`.",
    "retention": "Effacer ce qui dépasse sa durée ; rien n'en a tant qu'on n'en configure pas.",
    "retention apply": "Effacer ce qui dépasse sa durée, morceau par morceau, sans arrêter le"
    " travail ; Ctrl-C l'interrompt.",
    "retention list": "Lister ce qui fut effacé : quand, par qui, pourquoi, combien ; le plus"
    " ancien d'abord.",
    "retention plan": "Dire par classe combien dépasse sa durée, sans rien effacer.",
    "validate": "Confronter des messages à leurs schémas et dire ce qui ne va pas, et où.",
    "judge": "Décider comme la passerelle, chaque message seul et motivé ; rien n'est envoyé.",
    "journal": "Regarder ce qui s'est passé.",
    "journal export": "Écrire tout ce qu'on sait d'un dossier dans un document JSON, pour un"
    " contrôle.",
    "journal find": "Lister les messages d'un dossier : id international, numéro RINA ou autre id.",
    "journal import-cases": "Reprendre les dossiers ouverts avant le premier jour : tous ou aucun.",
    "journal list": "Lister les messages et leur dernière décision, par ordre de réception.",
    "journal migrate": "Copier le journal du dossier d'état dans la base vide de la configuration.",
    "journal search": "Lister les messages d'un SED, d'une institution ou d'une période.",
    "journal show": "Montrer tout ce qui est arrivé à un message ou à un dossier, dans l'ordre.",
    "worklist": "Regarder ce qui attend une personne, et dire ce qu'il en advient.",
    "worklist assign": "Confier une entrée à quelqu'un ; qui l'a fait et quand reste noté.",
    "worklist digest": "Compter ce qui attend, par motif, avec le plus ancien : pour le"
    " courriel du matin.",
    "worklist export": "Écrire des entrées dans un classeur (.xlsx ou .ods), pour y décider.",
    "worklist import": "Reprendre les décisions d'un classeur rempli : toutes, ou aucune (code 1).",
    "worklist list": "Lister ce qu'une personne doit décider, par motif, le plus ancien d'abord.",
    "worklist recall": "Rappeler un transfert erroné : arrêter et reprendre ce que le BUC permet.",
    "worklist resolve": "Clore une entrée : transférer, demander, rejeter, ajouter un fait, ou dire"
    " ce qui fut fait.",
    "worklist show": "Montrer une entrée : motifs, candidats et ce qui manque.",
    "quarantine": "Regarder ce qui est mis de côté ; décider à nouveau, ou écarter pour de bon.",
    "quarantine discard": "Écarter un message ou un groupe ; octets et motif restent au journal.",
    "quarantine list": "Lister les messages mis de côté, par motif, le plus ancien d'abord.",
    "quarantine release": "Décider à nouveau un message, un groupe ou tous, sur les octets gardés.",
    "quarantine show": "Montrer pourquoi un message est mis de côté.",
    "questions": "Regarder les questions posées à l'étranger ; clore celle qui a reçu réponse.",
    "questions answered": "Clore une question (réponse par téléphone ou courrier) ; le dossier est"
    " jugé à nouveau.",
    "questions list": "Lister les questions ouvertes : date, destinataire, âge, relances,"
    " échéance.",
    "questions show": "Montrer une question : où elle en est, et tout ce qui lui est arrivé.",
    "sending": "Regarder ce qui attend de partir ; l'autoriser, ou le retirer.",
    "sending confirm": "Autoriser ces envois, ou tous ceux d'un dossier qui attendent un oui.",
    "sending list": "Lister ce qui attend le oui d'une personne, le plus ancien d'abord.",
    "sending withdraw": "Ne jamais l'envoyer ; le dossier va à une personne.",
    "case": "Prendre un dossier pour soi, le rendre, le lire.",
    "case facts": "Montrer ce que disent les SED d'un dossier : données personnelles, à lire et non"
    " à garder.",
    "case give-back": "Le dossier est jugé à nouveau, tous ses SED valides dans l'ordre, et"
    " reprend.",
    "case take": "Plus rien n'en part ni n'échoit ; ce qui vient est noté et va à la liste de"
    " travail.",
    "schemas": "Regarder les schémas en vigueur ; installer le paquet officiel, ou revenir.",
    "schemas buc": "Montrer les SED d'un BUC : de qui, comment, et ce qui peut en être dit.",
    "schemas history": "Montrer quels schémas furent en vigueur, depuis quand et par qui.",
    "schemas install": "Mettre en vigueur un paquet officiel (ZIP ou dossier), si tout se compile.",
    "schemas list": "Lister le schéma de chaque SED : source, rigueur, empreinte.",
    "schemas rollback": "Retirer le dernier paquet installé.",
    "tables": "Préparer, contrôler et comparer les tables : répertoire et routes.",
    "tables activate": "Mettre en vigueur une version approuvée, maintenant ou un jour à venir.",
    "tables approve": "Approuver une version faite par quelqu'un d'autre.",
    "tables cancel": "Reprendre une mise en vigueur qui n'a pas commencé.",
    "tables check": "Dire tout ce qui ne va pas dans les tables d'un dossier (code 1 :"
    " inutilisables).",
    "tables accept": "Dire une fois que l'exemple en vigueur peut décider en production.",
    "tables confirm": "Confirmer le retour en arrière de quelqu'un d'autre.",
    "tables diff": "Dire ce qui fut ajouté, clos ou changé d'un dossier à l'autre (ou `baseline`).",
    "tables draft": "Copier les tables en vigueur dans un nouveau dossier de travail.",
    "tables impact": "Juger à nouveau le passé du journal sur un brouillon ; dire ce qui"
    " changerait.",
    "tables import": "Reprendre un classeur ou un CSV dans un brouillon (code 1 : rien n'est"
    " gardé).",
    "tables list": "Lister les versions : auteur, approbateur, et depuis quand elles décident.",
    "tables manifest": "Écrire le manifeste d'une version, tel qu'une signature personnelle le"
    " signe.",
    "tables merge": "Montrer ce qui est en vigueur, ce que change le brouillon, et les conflits.",
    "tables notice": "Écrire la note sur les changements substantiels d'un jour (code 1 : trop"
    " tard).",
    "tables release": "Figer un brouillon sous son nom, quand plus rien n'est faux.",
    "tables rollback": "Revenir aussitôt à la version précédente ; une seconde personne confirme.",
    "tables sync": "Mettre un brouillon à jour d'un message de synchronisation de l'IR (SYN001).",
    "tables template": "Écrire un classeur de travail : colonnes texte, listes, une feuille par"
    " table.",
    "report": "Rendre compte de ce qui s'est passé.",
    "report annual": "Écrire le rapport annuel : reçu, transféré, demandé, et la comparaison.",
    "report availability": "Dire la disponibilité de chaque part et de chaque service sur un an.",
    "report close": "Figer les chiffres d'un mois ; ce qui change ensuite est une correction.",
    "report duplicates": "Lister ce qui est arrivé plus d'une fois : le premier, et ce qui fut"
    " transmis.",
    "report misrouting": "Dire quels expéditeurs pouvaient nommer l'institution, et le champ omis.",
    "report partners": "Dire par pays combien les partenaires nous attendent, et nous eux.",
    "report returned": "Dire de quelles lignes, BUC et institutions des transferts sont revenus.",
    "availability": "Dire la disponibilité de ce qui entoure la passerelle.",
    "availability import": "Reprendre ce qu'a vu une autre surveillance : tout le fichier, ou"
    " rien.",
    "availability maintenance": "Déclarer qu'une part est, ou sera, en maintenance.",
    "broker": 'Dire et faire ce qui doit exister dans RabbitMQ (`transport = "rabbitmq"`).',
    "broker apply": "Faire ce qui manque, et les liaisons ; refusé si quelque chose diffère.",
    "broker plan": "Dire ce qui doit exister et où cela en est ; ne rien faire.",
    "simulate": "Inventer du trafic, avec la vérité à côté.",
    "simulate chaos": "Éprouver les règles de la passerelle quand tout va mal (code 1 : échec).",
    "simulate life": "Vivre une année virtuelle de dossiers et de partenaires (code 1 : un faux).",
    "simulate year": "Écrire une année inventée de messages, dans l'ordre, et la vérité à côté.",
    "bench": "Mesurer la passerelle sur cette machine ; sans sous-commande : start et throughput.",
    "bench accuracy": "Confronter chaque décision à la vérité inventée (code 1 : un transfert"
    " faux).",
    "bench backlog": "Démarrer devant une file pleine, et chronométrer jusqu'au dernier message.",
    "bench relay": "Chronométrer un relais nu, un traitement simple et la passerelle, côte à côte.",
    "bench resolve": "Chronométrer une résolution, sur la version et sur 100 000 institutions.",
    "bench schemas": "Chronométrer les schémas : premier usage, verdict, pire document ; mémoire.",
    "bench search": "Remplir un journal, et y chronométrer les recherches : dossier, SED,"
    " institution, date.",
    "bench soak": "Faire passer de très nombreux messages ; comparer mémoire et ce qui est ouvert.",
    "bench start": "Chronométrer `--version`, et un démarrage jusqu'à l'état prêt.",
    "bench throughput": "Faire passer des dossiers inventés par tout le chemin ; messages par"
    " seconde.",
}

HELP: Final = "Show this message and exit."
OPTIONS: Final = {
    "Show the version and exit.": "Montrer la version et finir.",
    HELP: "Montrer cette aide et finir.",
    "State folder.": "Dossier d'état.",
    "Configuration (TOML); without it: the demo.": "Configuration (TOML) ; sans elle : la démo.",
    "Language.": "Langue.",
    "End when nothing waits and nothing is due.": "Finir quand rien n'attend ni n'échoit.",
    "Cases.": "Dossiers.",
    "Distinct messages that come of themselves.": "Messages distincts qui arrivent d'eux-mêmes.",
    "How many seeds, one after another.": "Nombre de graines, l'une après l'autre.",
    "Of the made-up traffic; default: a new one.": "Du trafic inventé ; sinon : une nouvelle.",
    "End when all is done.": "Finir quand tout est fait.",
    "One object a line.": "Un objet par ligne.",
    "One object a table.": "Un objet par table.",
    "One object.": "Un objet.",
    "Again every two seconds, until Ctrl-C.": "À nouveau toutes les deux secondes (Ctrl-C : fin).",
    "One line and 0, 1, 2 or 3, for monitoring.": "Une ligne et 0, 1, 2 ou 3, pour la"
    " surveillance.",
    "Every pause there was, instead.": "Toutes les pauses passées, à la place.",
    "File to write it to, which must not exist.": "Fichier à écrire, qui ne doit pas exister.",
    "Cases of this BUC alone.": "Les dossiers de ce BUC seulement.",
    "What concerns this one alone.": "Ce qui la concerne seulement.",
    "The same for a country: two capitals.": "De même pour un pays : deux majuscules.",
    "The case, in either spelling of its id.": "Le dossier, son id dans l'une ou l'autre graphie.",
    "A file that is new.": "Un fichier nouveau.",
    "With the bytes received and sent: personal data.": "Avec les octets reçus et envoyés : données"
    " personnelles.",
    "Even when the person is protected.": "Même si la personne est protégée.",
    "Reason, kept in the journal.": "Motif, gardé au journal.",
    "Day of receipt and decision.": "Jour de réception et de décision.",
    "Release of the tables (default: the baseline).": "Version des tables (sinon : celle du"
    " paquet).",
    "At most.": "Au plus.",
    "Messages of this case alone.": "Les messages de ce dossier seulement.",
    "Messages in this state alone (may be repeated).": "Dans cet état seulement (répétable).",
    "Decided on this release of the tables.": "Décidés sur cette version des tables.",
    "Decided by this row (a rule, or an area).": "Décidés par cette ligne (une règle, ou un"
    " ressort).",
    "By a person's number instead, read from standard input alone.": "Par le numéro d'une personne,"
    " lu sur l'entrée standard seule.",
    "Go on after this message id.": "Continuer après cet id de message.",
    "Account or short name of the person.": "Compte ou nom court de la personne.",
    "Nobody has it in hand any more.": "Plus personne ne s'en occupe.",
    "Entries of this cause alone.": "Les entrées de ce motif seulement.",
    "Entries that this person has in hand.": "Les entrées dont cette personne s'occupe.",
    "Check everything, decide nothing.": "Tout contrôler, ne rien décider.",
    "One object a finding.": "Un objet par constat.",
    "Reason, kept in the journal; no person's data.": "Motif, gardé au journal ; rien de"
    " personnel.",
    "Transfer the case to this institution (its id).": "Transférer à cette institution (son id).",
    "Ask abroad for this datum (may be repeated).": "Demander cette donnée (répétable).",
    "X011 to the sender: 01, 02, 03, or 99 with --text.": "X011 à l'expéditeur : 01, 02, 03, ou 99"
    " avec --text.",
    "Judge again with what you know: residence, claimant-residence, country, work, employer,"
    " population, institution (may be repeated).": "Juger à nouveau avec ce que vous savez :"
    " residence, claimant-residence, country, work, employer, population, institution (répétable).",
    "It is ours.": "C'est à nous.",
    "It was dealt with in RINA.": "Traité dans RINA.",
    "It is there twice.": "Déjà là une autre fois.",
    "Your own words in a question or an X011.": "Vos propres mots, dans une question ou un X011.",
    "Every message of this cause.": "Tous les messages de ce motif.",
    "So many, no more.": "Tant, et pas plus.",
    "Messages a second, at most.": "Messages par seconde, au plus.",
    "Say what would happen, do nothing.": "Dire ce qui se passerait, ne rien faire.",
    "Messages of this cause alone.": "Les messages de ce motif seulement.",
    "Every message in quarantine.": "Tous les messages mis de côté.",
    "Who answered, and how; no person's data.": "Qui a répondu, et comment ; rien de personnel.",
    "Those that are settled, too.": "Aussi celles qui sont closes.",
    "Of this case alone.": "De ce dossier seulement.",
    "In this state alone (may be repeated); by default what waits for a yes.": "Dans cet état"
    " seulement (répétable) ; sinon ce qui attend un oui.",
    "Show what would change, and change nothing.": "Montrer ce qui changerait, sans rien changer.",
    "From midnight in Paris on.": "À partir de minuit à Paris.",
    "Made by `ssh-keygen -Y sign -n eessi-tables` over what `tables manifest` prints.": "Faite par"
    " `ssh-keygen -Y sign -n eessi-tables` sur ce qu'écrit `tables manifest`.",
    "Write a page, too.": "Écrire aussi une page.",
    "Warnings of the tables in force, too.": "Aussi les avertissements des tables en vigueur.",
    "Name of the draft, such as 2027-01.": "Nom du brouillon, comme 2027-01.",
    "Leave out what was received before this day.": "Sans ce qui fut reçu avant ce jour.",
    "Judge as if everything had come on this day.": "Juger comme si tout était venu ce jour-là.",
    "A draft.": "Un brouillon.",
    "Which table a CSV is, such as routes.": "De quelle table est le CSV, comme routes.",
    "Take over what they alone changed.": "Reprendre ce que les autres seuls ont changé.",
    "Where both changed a row, the draft is right.": "Si les deux ont changé : le brouillon a"
    " raison.",
    "One object a row.": "Un objet par ligne de table.",
    "Effect.": "Prise d'effet.",
    "Stays in the journal; no person's data.": "Reste au journal ; rien de personnel.",
    "A draft, or a new one.": "Un brouillon, ou un nouveau.",
    "From when on (today).": "À partir de quand (aujourd'hui).",
    "Fill in these tables.": "Y mettre ces tables.",
    "Year of receipt, in Paris.": "Année de réception, à Paris.",
    "Year to compare with.": "Année de comparaison.",
    "A published table (Annex 3) instead.": "Un tableau publié (annexe 3) à la place.",
    "Figures of others with their source (TSV).": "Chiffres d'autrui avec leur source (TSV).",
    "Folder to write.": "Dossier à écrire.",
    "One object a BUC.": "Un objet par BUC.",
    "Day, in Paris (yesterday).": "Jour, à Paris (sinon : hier).",
    "How many alone, no message.": "Les nombres seuls, sans message.",
    "Year, in Paris.": "Année, à Paris.",
    "A published table (Annex 4) instead.": "Un tableau publié (annexe 4) à la place.",
    "One object a line and kind of hours.": "Un objet par ligne et par sorte d'heures.",
    "Month that is over, such as 2026-03.": "Mois passé, comme 2026-03.",
    "Received on this day or later.": "Reçu ce jour-là ou après.",
    "Senders of this country alone, such as DE.": "Les expéditeurs de ce pays seulement, comme DE.",
    "What happened on this day or later.": "Ce qui s'est passé ce jour-là ou après.",
    "When it begins, in Paris.": "Début, à Paris.",
    "When it ends, in Paris.": "Fin, à Paris.",
    "Take back what was declared for that time.": "Reprendre ce qui fut déclaré pour ce temps.",
    "With the queue of this institution (may be repeated).": "Avec la file de cette institution"
    " (répétable).",
    "What everything is drawn from.": "La graine de tous les tirages.",
    "The tables as shipped, or with every row confirmed.": "Les tables telles quelles, ou"
    " toutes les"
    " lignes confirmées.",
    "Folder to write: messages/ and truth.csv.": "Dossier à écrire : messages/ et truth.csv.",
    "Share of cases that lack what is needed.": "Part des dossiers où manque le nécessaire.",
    "Share of persons of another scheme than the general one without any sign of it.": "Part des"
    " personnes d'un autre régime que le général, sans aucun signe.",
    "First day.": "Premier jour.",
    "Day after.": "Lendemain du dernier.",
    "Folder that `simulate year` wrote.": "Dossier écrit par `simulate year`.",
    "A broker with nothing of ours on it; default: one of its own.": "Un courtier où rien n'est à"
    " nous ; par défaut, un nœud démarré exprès.",
    "Bytes of each.": "Octets de chacun.",
    "Of this SED, such as S040.": "De ce SED, par exemple S040.",
    "Whose latest decision names this institution.": "Dont la dernière décision nomme cette"
    " institution.",
    "Received before this day.": "Reçus avant ce jour.",
    "Each time.": "À chaque fois.",
    "Leave PostgreSQL out.": "Sans PostgreSQL.",
    "In the journal.": "Dans le journal.",
    "Messages in the queue.": "Messages dans la file.",
    "How many messages.": "Combien de messages.",
    "MB of the large message; 0: there is none.": "Mo du grand message ; 0 : il n'y en a pas.",
    "Runs.": "Passes.",
    "Documents with names never seen before.": "Documents aux noms jamais vus.",
}

TERMS: Final = {
    "Usage: ": "Usage : ",
    "Options": "Options",
    "Commands": "Commandes",
}
