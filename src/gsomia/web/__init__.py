"""What every served surface of a node needs: TLS and who the peer is, proofs, problems, cursors, what is remembered."""

from __future__ import annotations

from gsomia.web.cursors import Cursors
from gsomia.web.https import fetching
from gsomia.web.memory import Given, Joiner, Memory, Token
from gsomia.web.officers import (
    AHEAD,
    LONGEST_CERTIFICATE,
    check_officer_certificate,
    issuing_key,
    make_officer_certificate,
    officer_anchor,
)
from gsomia.web.oidc import Answered, Fetch, Provider, ProviderSettings
from gsomia.web.peer import PeerProtocol, peer_certificate
from gsomia.web.problems import PROBLEM_TYPE, Problem, missing, problem_of, shown_json
from gsomia.web.proofs import PROOF_AGE, Proof, check_proof, make_proof, public_jwk, thumbprint, token_digest
from gsomia.web.tls import (
    certificate_der,
    check_certificate,
    client_context,
    make_certificate,
    officers_context,
    server_context,
    stranger_context,
)

__all__ = [
    "AHEAD",
    "LONGEST_CERTIFICATE",
    "PROBLEM_TYPE",
    "PROOF_AGE",
    "Answered",
    "Cursors",
    "Fetch",
    "Given",
    "Joiner",
    "Memory",
    "PeerProtocol",
    "Problem",
    "Proof",
    "Provider",
    "ProviderSettings",
    "Token",
    "certificate_der",
    "check_certificate",
    "check_officer_certificate",
    "check_proof",
    "client_context",
    "fetching",
    "issuing_key",
    "make_certificate",
    "make_officer_certificate",
    "make_proof",
    "missing",
    "officer_anchor",
    "officers_context",
    "peer_certificate",
    "problem_of",
    "public_jwk",
    "server_context",
    "shown_json",
    "stranger_context",
    "thumbprint",
    "token_digest",
]
