"""What a node tells of itself as plain objects, the same for a command and for the API.

`records` is of register, outbox, acts and logs; `passed` of what went on to others; `consultations`, `people` and
`proofs` of these; `verdicts` answers a question without acting.
"""
