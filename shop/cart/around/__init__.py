"""What stands around a store of carts: failover, tiers, moving, metering."""
