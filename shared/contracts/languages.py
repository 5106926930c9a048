"""The languages in which somebody may wish to be written to; which of them are sent is each authority's policy.

Those that families and unaccompanied children in England speak most, and Welsh, for families over the border. A
language is named here before anybody has translated anything: what cannot be said in it is said in English.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

ENGLISH = ""
"""Nothing recorded: English alone."""

LANGUAGES: Mapping[str, str] = MappingProxyType(
    {
        "sq": "Albanian",
        "am": "Amharic",
        "ar": "Arabic",
        "bn": "Bengali",
        "bg": "Bulgarian",
        "zh": "Chinese",
        "fa": "Dari or Persian",
        "fr": "French",
        "gu": "Gujarati",
        "hu": "Hungarian",
        "it": "Italian",
        "ckb": "Kurdish (Sorani)",
        "lv": "Latvian",
        "lt": "Lithuanian",
        "ps": "Pashto",
        "pl": "Polish",
        "pt": "Portuguese",
        "pa": "Punjabi",
        "ro": "Romanian",
        "ru": "Russian",
        "sk": "Slovak",
        "so": "Somali",
        "es": "Spanish",
        "ti": "Tigrinya",
        "tr": "Turkish",
        "uk": "Ukrainian",
        "ur": "Urdu",
        "vi": "Vietnamese",
        "cy": "Welsh",
    }
)
"""English names by the code that the Unicode consortium's data use, in the order of the names."""
