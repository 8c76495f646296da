"""Services that wrap a cart store: failover, tiers, migration, metrics."""
