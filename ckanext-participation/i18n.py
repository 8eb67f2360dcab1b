"""Collect the texts of the extension, merge them into the French catalogue, and compile it: `make i18n`.

With `--check` nothing is written; the exit code says whether a text is untranslated, fuzzy, or the compiled file is old.
"""

from __future__ import annotations

import io
import sys
from pathlib import Path

import polib
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg

HERE = Path(__file__).resolve().parent
SOURCE = HERE / "ckanext" / "participation"
CATALOGUE = SOURCE / "i18n" / "fr" / "LC_MESSAGES" / "ckanext-participation.po"
KEYWORDS = {"_": None, "N_": None, "gettext": None, "ungettext": (1, 2), "ngettext": (1, 2)}


def collected() -> polib.POFile:
    """Return every text of the Python files and templates, with the places it stands in."""
    with (HERE / "babel.cfg").open(encoding="utf-8") as file:
        methods, options = parse_mapping_cfg(file)
    found: dict[tuple[str, str], polib.POEntry] = {}
    for name, _line, message, _comments, _context in extract_from_dir(
            str(SOURCE), methods, options, keywords=KEYWORDS, strip_comment_tags=True):
        singular, plural = (message[0], message[1]) if isinstance(message, tuple) else (message, "")
        entry = found.setdefault((singular, plural), polib.POEntry(msgid=singular, msgid_plural=plural))
        # Without line numbers: they would change the catalogue with every edit of a template.
        if (name, "") not in entry.occurrences:
            entry.occurrences.append((name, ""))
    texts = polib.POFile(wrapwidth=120)
    texts.extend(found[key] for key in sorted(found))
    return texts


def merged(texts: polib.POFile) -> polib.POFile:
    """Return the French catalogue with exactly the collected texts, keeping the translations it has.

    Texts marked `#. ckan` translate sentences of CKAN itself that its own French catalogue lacks; they stay.
    """
    old = polib.pofile(str(CATALOGUE), wrapwidth=120) if CATALOGUE.exists() else polib.POFile(wrapwidth=120)
    known = {(entry.msgid, entry.msgid_plural): entry for entry in old}
    new = polib.POFile(wrapwidth=120)
    new.metadata = {"Project-Id-Version": "ckanext-participation", "Language": "fr", "MIME-Version": "1.0",
                    "Content-Type": "text/plain; charset=utf-8", "Content-Transfer-Encoding": "8bit",
                    "Plural-Forms": "nplurals=2; plural=(n > 1);"}
    wanted = {(entry.msgid, entry.msgid_plural): entry for entry in texts}
    kept = {key: entry for key, entry in known.items() if key not in wanted and entry.comment == "ckan"}
    for key in sorted({**wanted, **kept}):
        entry = wanted.get(key) or kept[key]
        before = known.get(key)
        if before is not None:
            entry.msgstr, entry.msgstr_plural, entry.comment = before.msgstr, before.msgstr_plural, before.comment
        elif entry.msgid_plural:
            entry.msgstr_plural = {0: "", 1: ""}
        new.append(entry)
    return new


def problems(catalogue: polib.POFile) -> list[str]:
    """Return what keeps the catalogue from being complete, one line each."""
    wrong = []
    for entry in catalogue:
        texts = list(entry.msgstr_plural.values()) if entry.msgid_plural else [entry.msgstr]
        if not all(texts) or entry.fuzzy:
            wrong.append(f"not translated: {entry.msgid!r} ({', '.join(place for place, _ in entry.occurrences)})")
    return wrong


def compiled(catalogue: polib.POFile) -> bytes:
    """Return the compiled catalogue."""
    return catalogue.to_binary()


def main(words: list[str]) -> int:
    """Write, or with `--check` compare; return the exit code."""
    catalogue = merged(collected())
    target = CATALOGUE.with_suffix(".mo")
    wrong = problems(catalogue)
    if "--check" in words:
        if str(catalogue) != CATALOGUE.read_text(encoding="utf-8"):
            wrong.append("the catalogue is not what `make i18n` writes")
        if not target.exists() or target.read_bytes() != compiled(catalogue):
            wrong.append("the compiled catalogue is old: run `make i18n`")
    else:
        CATALOGUE.parent.mkdir(parents=True, exist_ok=True)
        CATALOGUE.write_text(str(catalogue), encoding="utf-8")
        target.write_bytes(compiled(catalogue))
    out = io.StringIO()
    out.writelines(f"{line}\n" for line in wrong)
    sys.stdout.write(out.getvalue())
    sys.stdout.write(f"{len(catalogue)} texts, {len(wrong)} problems\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
