"""Stop words count alone on the first line, in any of their languages."""

import pytest

from gateway.mail.stopword import WORDS, stop_word


@pytest.mark.covers("S3-R1.4")
@pytest.mark.parametrize("language", sorted(WORDS))
def test_each_word_of_each_language_is_known(language: str):
    for word in WORDS[language]:
        assert stop_word(word)
        assert stop_word(f"  *{word.upper()}*!\n\nSent from my phone") == stop_word(word)


def test_there_are_at_least_35_languages():
    assert len(WORDS) >= 35


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n \n",
        "stop that and send the blue one",
        "please do not stop",
        "cancel",
        "cancel my order",
        "Hello,\nstop",
        "stornieren",
        "annuler",
        "non-stop",
        "stopword",
        "remove the green one",
        "x" * 10_000,
    ],
)
def test_what_is_no_stop_word(text: str):
    assert stop_word(text) == ""


def test_typographic_apostrophes_and_blanks():
    assert stop_word("Don’t  email me") == "don't email me"


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("Please stop sending me these emails, thank you.", "stop sending me these emails"),
        ("Bitte nehmen Sie mich aus dem Verteiler!", "bitte nehmen sie mich aus dem verteiler"),
        ("Désabonnement, merci", "désabonnement"),
        ("Por favor, darme de baja", "darme de baja"),
        ("Graag uitschrijven, bedankt", "uitschrijven"),
        ("Пожалуйста, отпишите меня от рассылки", "отпишите меня от рассылки"),
        ("Lütfen listeden çıkarın", "listeden çıkarın"),
        ("Unsubscribe\n\nAnna Holm\n+44 20 7946 0958", "unsubscribe"),
    ],
)
def test_a_polite_word_about_it_changes_nothing(text: str, word: str):
    assert stop_word(text) == word


@pytest.mark.parametrize(
    "text",
    [
        "please stop the order",
        "Please stop my order 1042",
        "Bitte stoppen Sie die Bestellung",
        "Bitte Lieferung abbestellen",
        "Merci d'arrêter la commande",
        "Por favor cancelen el pedido",
        "please remove the engraving",
        "Abmeldung des alten Kontos und neue Adresse",
        "thanks",
        "please",
        "stop please the delivery",
        "Stop, I ordered the blue one!",
        "Cancel my subscription of glasses",
        "non voglio più il vaso",
    ],
)
def test_what_is_asked_of_the_shop_is_no_stop_word(text: str):
    assert stop_word(text) == ""
