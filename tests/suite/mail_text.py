"""Everything that can be read in a mail: raw, and with every encoding undone."""

from __future__ import annotations

import email.policy
from email.header import decode_header, make_header
from email.parser import BytesParser


def everything_in(raw: bytes) -> str:
    """Return a mail as it is sent, its headers and file names decoded, and each part decoded and unfolded."""
    mail = BytesParser(policy=email.policy.default).parsebytes(raw)
    found = [raw.decode("ascii", "replace")]
    found += [f"{name}: {value}" for name, value in mail.items()]
    plain = BytesParser(policy=email.policy.compat32).parsebytes(raw)
    found += [str(make_header(decode_header(str(value)))) for value in plain.values()]
    for part in mail.walk():
        found += [str(part.get_filename() or ""), str(part.get_param("name") or "")]
        if not part.is_multipart():
            content = part.get_payload(decode=True)
            assert isinstance(content, bytes)
            found.append(content.decode("utf-8", "replace").replace("\r\n ", "").replace("\r\n\t", ""))
    return "\n".join(found)
