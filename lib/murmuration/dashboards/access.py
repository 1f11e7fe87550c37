"""Who may see which runs, and who may start new ones."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

Role = Literal["viewer", "analyst", "admin"]
ROLES: tuple[Role, ...] = ("viewer", "analyst", "admin")
ALL = "*"
IN_ADDRESS = "token"  # under which name the token may stand in an address
ACCESS_HEADER = "X-Murmuration-Access"  # in which the server tells a kernel whom it works for
ACCESS_VARIABLE = "HTTP_X_MURMURATION_ACCESS"  # as which Voila hands it on


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """What one person may do.

    Attributes
    ----------
    name
        Who it is, for the log.
    role
        ``viewer`` sees runs, ``analyst`` starts them as well, ``admin`` sees everything.
    brands, reports
        Keys of the brands and names of the reports that the person was given; ``*`` is all of them. A run over
        all posts, whatever they mention, needs all brands; so does one of a report that knows no brand.
    """

    name: str
    role: Role = "viewer"
    brands: tuple[str, ...] = ()
    reports: tuple[str, ...] = ()

    @property
    def may_run(self) -> bool:
        """Whether the person may start runs."""
        return self.role in ("analyst", "admin")

    @property
    def has_all_brands(self) -> bool:
        """Whether the person may see what is said of every brand."""
        return self.role == "admin" or ALL in self.brands

    def may_see_report(self, report: str) -> bool:
        """Whether the person was given a report."""
        return self.role == "admin" or ALL in self.reports or report in self.reports

    def may_see(self, report: str, parameters: Mapping[str, Any]) -> bool:
        """Whether the person may see what a report says with these parameters."""
        if not self.may_see_report(report):
            return False
        return self.has_all_brands or parameters.get("brand", "") in self.brands

    def as_text(self) -> str:
        """Write it down, for the kernel that works for this person."""
        return json.dumps(asdict(self))


def read_access(text: str) -> Access:
    """Read what `Access.as_text` wrote."""
    facts = json.loads(text)
    return Access(
        name=facts["name"],
        role=facts["role"],
        brands=tuple(facts["brands"]),
        reports=tuple(facts["reports"]),
    )


EVERYTHING = Access(name="token", role="admin", brands=(ALL,), reports=(ALL,))
