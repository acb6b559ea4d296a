"""Words of United States markings, from the public ISM vocabularies (DESVersion 10), and codes of countries.

Country codes are ISO 3166-1 alpha-3 with the additions that the ISM vocabulary takes from GENC; organisation codes are
the published tetragraphs. Sources: CVEnumISMDissem, CVEnumISMNonIC, CVEnumISMSCIControls,
CVEnumISMAtomicEnergyMarkings, CVEnumISMNonUSControls, CVEnumISMRelTo ("approved for public release and available for
use without restriction").
"""

from __future__ import annotations

from typing import Final

CLASSES: Final = {
    "U": "UNCLASSIFIED",
    "R": "RESTRICTED",
    "C": "CONFIDENTIAL",
    "S": "SECRET",
    "TS": "TOP SECRET",
}
"""Classification codes, lowest first, and the words of a banner."""

RANKS: Final = {code: rank for rank, code in enumerate(CLASSES)}

NATO_BANNER: Final = {code: f"NATO {word}" for code, word in CLASSES.items()} | {"TS": "COSMIC TOP SECRET"}
NATO_PORTION: Final = {"U": "NU", "R": "NR", "C": "NC", "S": "NS", "TS": "CTS"}

NON_US: Final = ("ATOMAL", "BALK", "BOHEMIA")

SCI_SYSTEMS: Final = ("BUR", "EL", "HCS", "KDK", "KLM", "MVL", "RSV", "SI", "TK")

AEA: Final = ("RD", "FRD", "DCNI", "UCNI", "TFNI")
"""Atomic energy markings in the order in which they are shown."""

AEA_BANNER: Final = {"DCNI": "DOD UCNI", "UCNI": "DOE UCNI"}
SIGMA: Final = ("14", "15", "18", "20")

DISSEMINATION: Final = {
    "RS": "RSEN",
    "FOUO": "FOUO",
    "OC": "ORCON",
    "OC-USGOV": "ORCON-USGOV",
    "IMC": "IMCON",
    "NF": "NOFORN",
    "PR": "PROPIN",
    "REL": "REL TO",
    "RELIDO": "RELIDO",
    "EYES": "EYES ONLY",
    "LAC": "LACONIC",
    "DSEN": "DEA SENSITIVE",
    "FISA": "FISA",
    "DISPLAYONLY": "DISPLAY ONLY",
}
"""Dissemination controls in the order in which they are shown, and their words in a banner."""

NON_IC: Final = {
    "SC": "SPECAT",
    "SINFO": "SENSITIVE INFORMATION",
    "DS": "LIMDIS",
    "XD": "EXDIS",
    "ND": "NODIS",
    "SBU": "SBU",
    "SBU-NF": "SBU NOFORN",
    "LES": "LES",
    "LES-NF": "LES NOFORN",
    "SSI": "SSI",
    "NNPI": "NNPI",
}
"""Non-IC markings in the order in which they are shown, and their words in a banner."""

COUNTRIES: Final = frozenset(
    """
ABW AFG AGO AIA ALA ALB AND ARE ARG ARM ASM ATA ATF ATG AUS AUT AZE BDI BEL BEN BES BFA BGD BGR BHR BHS BIH BLM BLR
BLZ BMU BOL BRA BRB BRN BTN BVT BWA CAF CAN CCK CHE CHL CHN CIV CMR COD COG COK COL COM CPV CRI CUB CUW CXR CYM CYP
CZE DEU DJI DMA DNK DOM DZA ECU EGY ERI ESH ESP EST ETH FIN FJI FLK FRA FRO FSM GAB GBR GEO GGY GHA GIB GIN GLP GMB
GNB GNQ GRC GRD GRL GTM GUF GUM GUY HKG HMD HND HRV HTI HUN IDN IMN IND IOT IRL IRN IRQ ISL ISR ITA JAM JEY JOR JPN
KAZ KEN KGZ KHM KIR KNA KOR KWT LAO LBN LBR LBY LCA LIE LKA LSO LTU LUX LVA MAC MAF MAR MCO MDA MDG MDV MEX MHL MKD
MLI MLT MMR MNE MNG MNP MOZ MRT MSR MTQ MUS MWI MYS MYT NAM NCL NER NFK NGA NIC NIU NLD NOR NPL NRU NZL OMN PAK PAN
PCN PER PHL PLW PNG POL PRI PRK PRT PRY PSE PYF QAT REU ROU RUS RWA SAU SDN SEN SGP SGS SHN SJM SLB SLE SLV SMR SOM
SPM SRB SSD STP SUR SVK SVN SWE SWZ SXM SYC SYR TCA TCD TGO THA TJK TKL TKM TLS TON TTO TUN TUR TUV TWN TZA UGA UKR
UMI URY USA UZB VAT VCT VEN VGB VIR VNM VUT WLF WSM YEM ZAF ZMB ZWE
XAC XBI XBK XCS XEU XGL XGZ XHO XJA XJM XJN XJV XKR XKS XMW XNV XPL XPR XQP XQZ XSP XSV XTR XWB XWK XXD
""".split()  # noqa: SIM905 - columns of words stay readable
)
"""ISO 3166-1 alpha-3, then the codes of GENC that it does not have."""

ORGANISATIONS: Final = frozenset(
    """
ACGU APFS BWCS CFCK CMFC CMFP CPMT CTOC CWCS EFOR EUDA FVEY GCTF GMIF ISAF KFOR MIFH MLEC NACT NATO OSTY SPAA
TEYE UNCK
""".split()  # noqa: SIM905 - columns of words stay readable
)
"""Tetragraphs: an organisation or a coalition, never taken apart here."""

GOVERNMENTS: Final = COUNTRIES | ORGANISATIONS | {"FGI"}


def in_order(codes: tuple[str, ...], first: str = "") -> tuple[str, ...]:
    """Codes in the order in which they are shown: `first`, then countries by letter, then organisations by letter."""
    rest = list(codes[1:] if codes and codes[0] == first else codes)
    if rest == sorted(rest) and len({len(code) for code in rest}) < 2 and first not in rest:
        return codes  # in order already, which nearly all are
    return tuple(sorted(codes, key=lambda code: (code != first, len(code), code)))
