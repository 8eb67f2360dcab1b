"""What the benchmark's catalogue says, once for our schema and once for stock CKAN's: the same words, the same number of fields."""

from __future__ import annotations

from typing import Any

FORMATS = ("CSV", "JSON", "XML", "PNG", "PDF")
WORDS = ("neige", "routes", "eau", "forêt", "budget", "école", "santé", "air", "énergie", "culture", "sols", "climat")
NOTES = {
    "en": "## What it holds\n\nDaily measurements of **{word}** from the stations of the network, since 2011, checked twice a year. "
          "Each row is one station and one day:\n\n* the station's number and place\n* the value and its unit\n* a mark for what was "
          "estimated\n\nMissing days are left out. See [the method](https://agency.example/method) before you compare years: the "
          "instruments changed in 2016 and again in 2022, and values before 2016 were converted.",
    "fr": "## Contenu\n\nMesures quotidiennes de **{word}** aux stations du réseau, depuis 2011, vérifiées deux fois par an. Chaque "
          "ligne est une station et un jour :\n\n* le numéro de la station et son lieu\n* la valeur et son unité\n* une marque pour ce "
          "qui a été estimé\n\nLes jours manquants sont omis. Lisez [la méthode](https://agency.example/methode) avant de comparer "
          "les années : les instruments ont changé en 2016 puis en 2022, et les valeurs d’avant 2016 ont été converties.",
}


def organization(number: int, *, ours: bool) -> dict[str, Any]:
    """Return an organisation as `organization_create` takes it."""
    title, about = f"Agency {number}", "It measures and publishes what it measured."
    row: dict[str, Any] = {"name": f"agency-{number}", "title": title, "description": about}
    if ours:
        row |= {"title_translated": {"en": title, "fr": f"Organisme {number}"},
                "description_translated": {"en": about, "fr": "Il mesure et publie ce qu’il a mesuré."}}
    return row


def dataset(place: int, name: str, owner: str, resources: int, *, ours: bool) -> dict[str, Any]:
    """Return a dataset as `package_create` takes it. Those at place 10 to 14 have the keyword `five`, that at 20 has `one`."""
    word = WORDS[place % len(WORDS)]
    tags = [word, WORDS[(place + 5) % len(WORDS)], "stations", "daily", *(["five"] if 10 <= place < 15 else []),
            *(["one"] if place == 20 else [])]
    row: dict[str, Any] = {
        "name": name, "owner_org": owner, "license_id": "CC-BY-4.0" if ours else "cc-by", "url": f"https://agency.example/{name}",
        "maintainer": "Data office", "maintainer_email": "data@agency.example", "version": f"{2011 + place % 10}.1",
        "resources": [resource(number, ours=ours) for number in range(resources)]}
    title = f"Daily {word} {place}"
    more = {"issued": "2015-10-27", "modified": "2026-10-01", "frequency": "R/P1D", "access_rights": "public",
            "provenance": "Measured by the stations, checked by the data office.", "identifier": f"bench-{place}",
            "version_notes": "The instruments changed."}
    if not ours:
        return row | {"title": title, "notes": NOTES["en"].format(word=word), "tags": [{"name": tag} for tag in tags],
                      "extras": [{"key": key, "value": value} for key, value in more.items()]
                      + [{"key": "language", "value": "en, fr"}, {"key": "theme", "value": "ENVI"}, {"key": "spatial", "value": "Québec"}]}
    return row | more | {
        "title_translated": {"en": title, "fr": f"{word} quotidienne {place}"},
        "notes_translated": {language: text.format(word=word) for language, text in NOTES.items()},
        "tags_translated": {"en": tags, "fr": tags}, "language": ["en", "fr"], "theme": ["ENVI"],
        "spatial_coverage": [{"text": "Québec"}]}


def resource(number: int, *, ours: bool) -> dict[str, Any]:
    """Return a file."""
    form = FORMATS[number % len(FORMATS)]
    name, about = f"Year {2011 + number}", f"All stations, every day of {2011 + number}."
    row: dict[str, Any] = {"url": f"https://agency.example/{2011 + number}.{form.lower()}", "format": form, "size": 12_000_000 + number}
    if ours:
        return row | {"name_translated": {"en": name, "fr": f"Année {2011 + number}"},
                      "description_translated": {"en": about, "fr": f"Toutes les stations, chaque jour de {2011 + number}."}}
    return row | {"name": name, "description": about}
