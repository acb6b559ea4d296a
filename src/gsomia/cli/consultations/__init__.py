"""Commands of consultations; `texts_there` and `assess_there` are what is done by a node's address."""
