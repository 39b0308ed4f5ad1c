"""How a store of an older program becomes one of this program; run by ``itsm_bridge.store.migrate``."""
