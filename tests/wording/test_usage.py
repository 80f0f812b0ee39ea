"""Why a value is refused is told in French, too, whatever the value."""

import pytest

from gateway.cli import main


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("tables notice a b --date 01/01/2027", "« 01/01/2027 », écrire AAAA-MM-JJ ;"),
        (
            "report duplicates --day 0026-03-05",
            "0026-03-05 n'est pas dans l'intervalle 1990-9998 ;",
        ),
        ("report annual --year x", "« x » n'est pas un nombre entier ;"),
        ("report annual --year 12", "12 n'est pas dans l'intervalle 1990<=x<=9998 ;"),
        ("journal list --only x", "au choix : recorded, done,"),
        ("report availability --from /", "le fichier « / » est un dossier ;"),
        ("bench accuracy --truth none", "le dossier « none » n'existe pas ;"),
        ("tables approve x --signature none", "'none': fichier ou dossier introuvable ;"),
    ],
)
def test_why_a_value_is_refused_is_told_in_french(capsys, words, said):
    with pytest.raises(SystemExit) as ended:
        main(["--lang", "fr", *words.split()])
    [told] = capsys.readouterr().err.splitlines()
    assert ended.value.code == 2
    assert said in told
    assert "valeur refusée pour" in told
