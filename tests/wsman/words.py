"""What a server says in its own language: English as recorded, German, French and Russian as public transcripts show.

Texts only. Ids, categories and types are the same in every language, which is the point of having these here.
"""

from __future__ import annotations

from collections.abc import Mapping

CULTURES = {"en": "en-US", "de": "de-DE", "fr": "fr-FR", "ru": "ru-RU"}

WORDS: Mapping[str, Mapping[str, str]] = {
    "noise": {
        "en": "Preparing modules for first use.",
        "de": "Module werden für erstmalige Verwendung vorbereitet.",
        "fr": "Préparation des modules à la première utilisation.",
        "ru": "Подготовка модулей к первому использованию.",
    },
    "denied": {
        "en": "Access is denied.",
        "de": "Zugriff verweigert",
        "fr": "Accès refusé.",
        "ru": "Отказано в доступе.",
    },
    "silent": {
        "en": "The RPC server is unavailable.",
        "de": "Der RPC-Server ist nicht verfügbar.",
        "fr": "Le serveur RPC n'est pas disponible.",
        "ru": "Сервер RPC недоступен.",
    },
    "not_found": {
        "en": "The term '{name}' is not recognized as the name of a cmdlet, function, script file, or operable "
        "program. Check the spelling of the name, or if a path was included, verify that the path is correct and try "
        "again.",
        "de": 'Die Benennung "{name}" wurde nicht als Name eines Cmdlet, einer Funktion, einer Skriptdatei oder eines '
        "ausführbaren Programms erkannt.",
        "fr": "Le terme «{name}» n'est pas reconnu comme nom d'applet de commande, fonction, fichier de script ou "
        "programme exécutable.",
        "ru": 'Имя "{name}" не распознано как имя командлета, функции, файла сценария или выполняемой программы.',
    },
    "no_language": {
        "en": "The syntax is not supported by this runspace. This can occur if the runspace is in no-language mode.",
        "de": "Die Syntax wird von diesem Runspace nicht unterstützt.",
        "fr": "La syntaxe n'est pas prise en charge par cette instance d'exécution.",
        "ru": "Синтаксис не поддерживается этим пространством выполнения.",
    },
}


def said(what: str, language: str, name: str = "") -> str:
    """The sentence for this, in this language."""
    return WORDS[what][language].replace("{name}", name)
