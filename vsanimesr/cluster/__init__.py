"""A job's chunks rendered by the nodes of a Ray cluster; Ray is imported in `connection` alone, when one is wanted."""
