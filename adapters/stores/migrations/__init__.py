"""Alembic's environment, run by ``adapters.stores.provision`` alone: there is no alembic.ini."""
