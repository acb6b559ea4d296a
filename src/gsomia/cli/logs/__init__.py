"""Commands about a node's logs, and an item's life in a bundle; `files` and `proofs` check outside the node."""
