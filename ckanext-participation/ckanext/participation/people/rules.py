"""What is true of names and passwords, without CKAN and tables."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

SHORTEST_NAME, LONGEST_NAME = 2, 60
SHORTEST_PASSWORD, LONGEST_PASSWORD = 8, 256
# An account made by CKAN may have a longer password than ours; passlib takes none that is longer than this.
LONGEST_COMPARED = 4096
LONGEST_ADDRESS = 254
ABOUT_BYTES = 1000

# An account's name is part of addresses such as /user/NAME; these are taken by pages.
PAGES = {"new", "edit", "search", "me", "login", "register", "reset", "delete", "follow", "unfollow", "followers", "sysadmin",
         "logged_out_redirect", "_logout"}

# What marks staff, or stands for a name that is not shown.
RESERVED = (
    "Administrator", "Administrateur", "Administratrice", "Admin", "Sysadmin", "Moderator", "Modérateur", "Modératrice", "Moderation",
    "Staff", "Agency", "Agency answer", "Organisme", "Réponse de l’organisme", "Official answer", "Réponse officielle", "Support team",
    "A citizen", "Une personne", "Former user", "A former user", "Ancien utilisateur", "Anonymous", "Anonyme",
)

# Letters of other scripts, and digits and signs, that look like a Latin letter (a selection of Unicode TS 39).
LOOK_ALIKES = str.maketrans(
    "аеорсухіјѕԁԛԝһӏвмнтк" "αβεηικμνορτυχ" "@|!" "ıɡɑɩ" "013578$",
    "aeopcyxijsdqwhlbmhtk" "abenikuvoptux" "ali" "igai" "oiestbs")


def fold(name: str) -> str:
    """Return what is left of a name when case, accents, spaces, signs and look-alike letters are taken away."""
    plain = "".join(letter for letter in unicodedata.normalize("NFKD", name) if not unicodedata.combining(letter))
    likened = plain.casefold().translate(LOOK_ALIKES)
    # l, i and 1 can't be told apart in many fonts.
    return re.sub(r"[\W_]+", "", likened).replace("l", "i")


def imitated(name: str, titles: Iterable[str]) -> str | None:
    """Return the one of `titles` that the name looks like, or None."""
    folded = fold(name)
    return next((title for title in titles if folded and fold(title) == folded), None)


def is_reserved(name: str) -> bool:
    """Say whether the name looks like a mark of staff or like the words that stand for a name."""
    return imitated(name, RESERVED) is not None


def name_problem(name: str) -> str | None:
    """Return why a cleaned public name can't be taken: "length", "letters", "address" or None."""
    if not SHORTEST_NAME <= len(name) <= LONGEST_NAME:
        return "length"
    if "@" in name or "://" in name or name.casefold().startswith("www."):
        return "address"
    return None if any(letter.isalpha() for letter in name) else "letters"


def password_problem(password: str, forbidden: Iterable[str] = ()) -> str | None:
    """Return why a password can't be taken: "short", "long", "same" (as something that others may know) or None."""
    if len(password) < SHORTEST_PASSWORD:
        return "short"
    if len(password) > LONGEST_PASSWORD:
        return "long"
    plain = password.casefold()
    same = plain in {word.casefold() for word in forbidden} or len(set(plain)) == 1
    return "same" if same else None


def account_base(public_name: str) -> str:
    """Return the account's name that a public name suggests; "person" when none of its letters can be in an address."""
    plain = unicodedata.normalize("NFKD", public_name.casefold()).encode("ascii", "ignore").decode()
    base = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:40].strip("-")
    return base if len(base) >= 3 and base not in PAGES else "person"


def account_name(base: str, taken: set[str]) -> str:
    """Return `base`, or the first of base-2, base-3, … that is not taken."""
    if base != "person" and base not in taken:
        return base
    return next(name for number in range(2, len(taken) + 3) if (name := f"{base}-{number}") not in taken)
