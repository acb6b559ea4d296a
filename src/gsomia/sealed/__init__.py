"""sealed."""
