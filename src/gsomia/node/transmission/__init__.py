"""An item on its way out, from the officer's question to what leaves by wire or by parcel.

`contents` is what an officer sends here in pieces; `looking`, `derivatives`, `sealing`, `wrapping` are of what is
sealed, under which label and for whom. `ways`, `sending`, `transmitting`, `circulating`, `sharing`, `requests`,
`releasing`: the officer's part, by the route and by what is sent. `offers`, `leaving`, `payloads`, `meanwhile`,
`underway`, `stopping`: what waits to leave is told, judged once more, and stopped; `prospect` says what a thought-of
legal act would bear on.
"""
