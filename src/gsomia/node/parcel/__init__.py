"""Messages and sealed items in one signed file, for a stick, a disc or a diode (docs/spec/parcel.md).

`form` is the file itself; `export` makes one of all that is open towards a peer, `taking_in` does what it brought.
"""
