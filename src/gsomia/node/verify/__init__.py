"""Everything that a node holds, checked again from its own records, each check by name (`gsomia verify`).

`auditing` is all of it; `checks` the register and the logs, `actchecks` the acts' signatures, `replay` the register
made anew from the acts (on `seeing`, a scratch register), `keychecks` the keys that were released, `counters` the
counters of passkeys, `treenodes` the stored tree, `witnessed` the peers' cosignatures.
"""
