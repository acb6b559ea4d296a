"""What is done with a held item, by its holder and by its originator.

`custody` marks, receipts and opens; `renditions`, `handling`, `contractors`, `disclosures` are what else is done with
a copy; `consent`, `revocation`, `regrading` what its originator says of it; `ordering` marks and receipts by standing
orders, `owed` lists what is due. `keyrequests`, `keyasking` and `keyrelease` are of a key held by another node.
"""
