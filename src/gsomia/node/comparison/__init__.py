"""What two Parties' records say, compared and named; and what one lacks is sent again.

`disputes` compares the acts that both entered. `entries` says what is shared with a peer, `rangeanswers` answers for
it, `reconciling` walks the ranges, `summaries` does so by parcel, `discrepancies` names what differs, `repairs` sends
what a peer lacks, `schedule` says when next.
"""
