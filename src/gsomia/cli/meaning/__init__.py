"""What a node prepared for an officer to sign, held against what the officer asked for: a node may lie.

`prepared` compares any act, by `frame` (whose it is), `house`, `consult` and `assess` for their kinds; `unsaid` shows
what the node filled in beyond what was said.
"""
