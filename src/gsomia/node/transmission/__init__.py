"""An item on its way out, from the officer's question to what leaves by wire or by parcel.

`contents`, `looking`, `derivatives`, `sealing`, `wrapping`: what is sealed, under which label, for whom. `ways`,
`sending`, `transmitting`, `circulating`, `sharing`, `requests`, `releasing`: the officer's part, by the route and by
what is sent. `offers`, `leaving`, `payloads`, `meanwhile`, `underway`, `stopping`, `prospect`: what waits to leave is
told, judged once more, and stopped.
"""
