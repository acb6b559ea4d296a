"""What goes between two nodes (protocol 2 and 6).

`outbox` sends; `receive` hands a peer's message on: offers to `judging`, pieces to `uploads`, content to `intake`.
`tracers` asks for late receipts, `recovering` takes back from peers what an old backup lost.
"""
