"""Officers, peers and persons: entered, replaced, ended.

`officers` and `officerkeys` are of officers' keys, `peers` and `nodekeys` of nodes', `persons` and `lapsing` of
whoever may be given access.
"""
