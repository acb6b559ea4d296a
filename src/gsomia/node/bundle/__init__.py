"""An item's whole life in one file, written for others and checked offline (`gsomia bundle`, `gsomia verify BUNDLE`).

`writing` makes one; `life` checks one, by `reading` (before anything in it is believed), `keys`, `law`, `item`, `logs`.
"""
