"""`gsomia officer first`: the first officer of a node that has none, enrolled with the code that its console showed."""

from __future__ import annotations

import click

from gsomia.cli.address.asked import anywhere_option, identity_of, is_address, officer_key
from gsomia.cli.address.remote import Remote, node_identity
from gsomia.errors import LoginError, UsageError

__all__ = ["first_command"]


@click.command("first")
@click.argument("officer")
@click.option("--code", default="", help="The code that the node's console shows; asked for where it is left out.")
@click.option("--person", default="", help="Whose key it is, where that is another id than OFFICER.")
@anywhere_option
def first_command(officer: str, code: str, person: str, node_dir: str | None) -> None:
    """Enrol the key in --officer-key as that of OFFICER, the first of a node at its address: a security officer.

    The node's console shows a code while it has no officer, once and for ten minutes. On its own host `officer enrol`
    needs none.
    """
    if not is_address(node_dir):
        raise UsageError(
            "the code is for a node's address", hint="in the node's folder `gsomia officer enrol` needs no code"
        )
    import httpx2

    from gsomia.api import first_officer_text
    from gsomia.cli.options import plain
    from gsomia.keys import b64
    from gsomia.web import stranger_context

    _, key = officer_key()
    identity = node_identity()
    party, pinned = (identity_of(identity, word) for word in ("party", "certificate"))
    told = code or click.prompt("code", hide_input=True, err=True)
    given = {
        name: b64(one) for name, one in key.sign(first_officer_text(party, officer, person, key.public, told)).items()
    }
    body = {"code": told, "officer": officer, "person": person, "key": key.public.to_json(), "signatures": given}

    def stranger() -> httpx2.Client:
        # No officer's certificate is known there yet.
        context = stranger_context(pinned)
        return httpx2.Client(base_url=node_dir, verify=context, trust_env=False, follow_redirects=False, timeout=60)

    remote = Remote(node_dir, stranger, key)
    try:
        answer = remote.post("first-officer", body)
    except LoginError as error:
        hint = "it is good once, for ten minutes, until five wrong ones came; start the node again for a new one"
        raise LoginError(f"`{node_dir}` takes no such code", hint=hint) from error
    finally:
        remote.close()
    click.echo(plain(f"{officer} enrolled by act {answer['act']}, key {answer['key']}"))
