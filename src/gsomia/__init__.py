"""gsomia."""
