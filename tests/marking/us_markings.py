"""Hypothesis strategies for United States markings that break no rule."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from gsomia.marking.us import UsMarking, breaches
from gsomia.marking.us.vocabulary import DISSEMINATION, in_order

CODES = st.sampled_from(["AUS", "CAN", "GBR", "JPN", "KOR", "NZL", "PHL", "FVEY", "NATO", "CFCK"])
FEW_CODES = st.sets(CODES, min_size=1, max_size=4).map(lambda codes: in_order(tuple(codes)))
SCI = [(), ("SI",), ("TK",), ("SI", "TK"), ("HCS", "SI", "SI-G", "SI-G-ABCD", "SI-G-DEFG", "TK"), ("SI", "SI-ABC")]
SAR = [(), (), ("BP",), ("BP", "BP-J12", "BP-J12-J54", "BP-K15", "CD"), ("BUTTER_POPCORN",)]
AEA = [(), (), ("RD",), ("RD", "RD-CNWDI", "RD-SG-14", "RD-SG-18"), ("FRD", "FRD-SG-14", "TFNI"), ("DCNI", "UCNI")]


@st.composite
def markings(draw: st.DrawFn) -> UsMarking:
    """A marking that breaks no rule for a banner or a portion."""
    while True:
        fields: dict[str, Any] = {"classification": draw(st.sampled_from(["U", "C", "S", "TS"]))}
        kind = draw(st.sampled_from(["usa", "usa", "usa", "joint", "one", "nato", "fgi", "protected"]))
        if kind == "joint":
            others = draw(st.sets(CODES, min_size=1, max_size=3))
            fields["owners"] = in_order(("USA", *others))
        elif kind == "one":
            fields["owners"] = (draw(st.sampled_from(["JPN", "KOR", "FGI", "ISAF"])),)
            fields["classification"] = draw(st.sampled_from(["U", "R", "C", "S", "TS"]))
        elif kind == "nato":
            fields["owners"] = ("NATO",)
            fields["non_us"] = draw(st.sampled_from([(), ("ATOMAL",), ("BALK", "BOHEMIA")]))
        elif kind == "fgi":
            fields["fgi"] = draw(FEW_CODES)
        elif kind == "protected":
            fields["fgi_protected"] = True
        if fields["classification"] not in ("U", "R"):
            fields["sci"] = draw(st.sampled_from(SCI))
            fields["sar"] = draw(st.sampled_from(SAR))
        fields["aea"] = draw(st.sampled_from(AEA))
        controls = set(draw(st.sets(st.sampled_from(["RS", "OC", "IMC", "PR", "DSEN", "FISA", "FOUO"]), max_size=2)))
        release = draw(st.sampled_from(["", "", "NF", "REL", "EYES", "RELIDO", "DISPLAYONLY", "REL DISPLAYONLY"]))
        controls.update(release.split())
        if {"REL", "EYES"} & controls:
            fields["releasable_to"] = ("USA", *draw(FEW_CODES))
        if "DISPLAYONLY" in controls:
            fields["display_only_to"] = draw(FEW_CODES)
        fields["dissemination"] = tuple(sorted(controls, key=list(DISSEMINATION).index))
        fields["non_ic"] = draw(st.sampled_from([(), (), (), ("DS",), ("XD", "ND"), ("SBU-NF",), ("LES", "SSI")]))
        marking = UsMarking(**fields)
        if not breaches(marking) and not breaches(marking, portion=True):
            return marking
