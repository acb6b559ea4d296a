"""Commands of consultations.

`consult` opens, shows and ends one, `texts` gives positions, drafts and assessments, `showing` is how it is told to
people; `texts_there` and `assess_there` are what is done by a node's address.
"""
