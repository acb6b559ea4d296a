"""What proves a node's logs to others (protocol 9).

`publish` writes tiles, `witnessing` asks peers for cosignatures and gives them, `timestamps` asks an outside
authority.
"""
