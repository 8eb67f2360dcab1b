"""Write (or with --check, compare) the schemas of both cores, their word lists and the page on their fields.

    .venv/bin/python solr/derive_schema.py            writes configsets/*/conf and the page
    .venv/bin/python solr/derive_schema.py --check    exits 1 and names the files that differ

The `ckan` schema is CKAN's own, as the installed wheel carries it, plus our field types (types.xml), our
fields and copies (the list of room search, `search/fields.py`). Nothing of CKAN's is changed or left out, and
its name stays, because CKAN refuses to start on a name it does not know. To follow an upgrade of CKAN:
install it, run this, read the difference. The `participation` schema is made of the same types and list, on a
short frame of its own.
"""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any
from xml.sax.saxutils import quoteattr

HERE = Path(__file__).resolve().parent
FIELD_LIST = HERE.parent / "ckanext-participation/ckanext/participation/search/fields.py"
SHARED = HERE / "text"
PAGE = HERE.parent / "ckanext-participation/docs/search-fields.md"

FRAME = """<?xml version="1.0" encoding="UTF-8"?>
<schema name="participation-2" version="1.6">

<types>
    <fieldType name="string" class="solr.StrField" sortMissingLast="true" omitNorms="true"/>
    <fieldType name="boolean" class="solr.BoolField" sortMissingLast="true" omitNorms="true"/>
    <fieldType name="int" class="solr.IntPointField" omitNorms="true" positionIncrementGap="0"/>
    <fieldType name="long" class="solr.LongPointField" omitNorms="true" positionIncrementGap="0"/>
    <fieldType name="date" class="solr.DatePointField" omitNorms="true" positionIncrementGap="0"/>
</types>

<fields>
</fields>

<uniqueKey>index_id</uniqueKey>

</schema>
"""

MADE = (
    "<!-- Written by solr/derive_schema.py: change solr/types.xml or search/fields.py, then run it again. -->"
)


def main(arguments: list[str]) -> int:
    """Write the files, or compare them when `--check` is given. Returns the exit status."""
    check = "--check" in arguments
    different = []
    for path, text in wanted().items():
        if path.is_file() and path.read_text(encoding="utf-8") == text:
            continue
        different.append(path)
        if not check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    for path in different:
        print(f"{'differs' if check else 'written'}: {path.relative_to(HERE.parent)}")
    return 1 if check and different else 0


def wanted() -> dict[Path, str]:
    """Each file that this script makes, with its text."""
    fields = _load(FIELD_LIST)
    files = {}
    for core, frame in (("ckan", _ckan_schema()), ("participation", FRAME)):
        conf = HERE / "configsets" / core / "conf"
        files[conf / "schema.xml"] = extend(frame, fields.fields_of(core))
        for shared in sorted(SHARED.glob("*.txt")):
            files[conf / shared.name] = shared.read_text(encoding="utf-8")
    files[PAGE] = page(fields)
    return files


def page(fields: ModuleType) -> str:
    """The documentation of our fields, as Markdown."""
    lines = [
        "# Search fields",
        "",
        "What this extension adds to the search index. Written by `solr/derive_schema.py` from",
        "`ckanext/participation/search/fields.py`; change that list, then run the script. The types",
        "`text_fr`, `text_en` and `text_exact` are explained in `solr/README.md`.",
    ]
    for core, title, note in (
        (
            fields.DATASETS,
            "Core `ckan`: datasets",
            "Besides CKAN's own fields. None of ours is stored: the dataset is in `validated_data_dict`.",
        ),
        (
            fields.PARTICIPATION,
            "Core `participation`: what people say",
            "All fields; one document per message (`search.md`). Every query filters on `site_id`, `type` and `permission_labels`.",
        ),
    ):
        lines += [
            "",
            f"## {title}",
            "",
            note,
            "",
            "| Field | Type | Repeats | Stored | From | For |",
            "|---|---|---|---|---|---|",
        ]
        for field in fields.fields_of(core):
            marks = ["yes" if mark else "" for mark in (field.multi, field.stored)]
            lines.append(
                f"| `{field.name}` | {field.type} | {marks[0]} | {marks[1]} | {field.source} | {field.why} |"
            )
    return "\n".join(lines) + "\n"


def extend(frame: str, fields: tuple[Any, ...]) -> str:
    """`frame` with our types, fields and copies put in before the closing tags."""
    types = (HERE / "types.xml").read_text(encoding="utf-8")
    copies = [
        f'<copyField source="{field.name}" dest="{copy}"/>' for field in fields for copy in field.copied_to
    ]
    text = _before(frame, "</types>", types)
    text = _before(text, "</fields>", "".join(f"    {_element(field)}\n" for field in fields))
    text = _before(text, "</schema>", "\n".join(copies) + "\n\n")
    return text.replace("<schema ", f"{MADE}\n<schema ", 1).rstrip("\n") + "\n"


def _element(field: Any) -> str:
    attributes = {
        "name": field.name,
        "type": field.type,
        "indexed": "true",
        "stored": "true" if field.stored else "false",
    }
    # Who may see a document is nobody's reading: Solr gives doc values back to whoever names the field.
    if field.type in ("int", "long", "date", "string") and field.name != "permission_labels":
        attributes["docValues"] = "true"
        attributes["useDocValuesAsStored"] = "false"
    if field.multi:
        attributes["multiValued"] = "true"
    if field.required:
        attributes["required"] = "true"
    return "<field " + " ".join(f"{name}={quoteattr(value)}" for name, value in attributes.items()) + "/>"


def _before(text: str, tag: str, addition: str) -> str:
    if text.count(tag) != 1:
        raise SystemExit(f"CKAN's schema has changed its shape: {tag} appears {text.count(tag)} times")
    return text.replace(tag, f"{addition}{tag}")


def _ckan_schema() -> str:
    spec = importlib.util.find_spec("ckan")
    if spec is None or not spec.submodule_search_locations:
        raise SystemExit("CKAN is not installed in this Python: run it with .venv/bin/python")
    return (Path(spec.submodule_search_locations[0]) / "config/solr/schema.xml").read_text(encoding="utf-8")


def _load(path: Path) -> ModuleType:
    # By path: the list needs neither CKAN nor the extension installed.
    spec = importlib.util.spec_from_file_location("participation_search_fields", path)
    if spec is None or spec.loader is None:
        raise SystemExit(f"{path} cannot be read as Python")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
