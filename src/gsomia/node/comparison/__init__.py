"""What two Parties' records say, compared and named; nothing is repaired here.

`disputes` compares the acts that both entered. `entries` says what is shared with a peer, `rangeanswers` answers for
it, `reconciling` walks the ranges, `summaries` does so by parcel, `discrepancies` names what differs.
"""
