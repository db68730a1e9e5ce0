"""The yardstick of bookings over HTTP: a bare Django view with the same two INSERTs."""
