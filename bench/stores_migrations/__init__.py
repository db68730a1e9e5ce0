"""The migrations of stores and one more behind them, which bench.migration runs over many chains."""

from tenants.stores import migrations

__path__ = [*__path__, *migrations.__path__]
